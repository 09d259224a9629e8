// SPDX-License-Identifier: Apache-2.0
//
// Many subscriptions and retained messages, before and after kill -9: `qos2-bench scale` in small.
import Foundation
import Testing

@Suite struct CrashScale {
    /// It ends with 2 if anything is missing or foreign after the kills. What a message costs is
    /// told and not judged here, where other tests take time too: BrokerCoreTests counts steps.
    @Test func twentyThousandOfEachAreThereAfterwards() throws {
        let stage = try Stage()
        let told = try output(
            of: Repository.program("qos2-bench").path,
            [
                "scale", "--subscriptions", "20000", "--retained", "20000", "--probes", "20000",
                "--connections", "100", "--queued", "1000", "--rounds", "1", "--tolerance", "0",
                "--json",
                "--folder", stage.folder.appending(path: "scale").path,
            ])
        #expect(told.contains("\"retained_missing\":0,\"retained_foreign\":0,\"sampled\":20"))
        #expect(told.contains("\"owners_wrong\":0"))
        #expect(told.contains("\"ns_beside_1000_messages_that_wait\":"))
    }
}
