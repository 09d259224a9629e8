// SPDX-License-Identifier: Apache-2.0
//
// The soak of qos2-bench, short: kills of all three programs at random, in both versions. And that
// it would see a loss: a broker that forgets is not proved.
import Foundation
import Testing

@Suite(.serialized) struct CrashSoak {
    @Test(arguments: ["5", "3.1.1"])
    func killingAllAtRandomLosesAndDoublesNothing(version: String) throws {
        let stage = try Stage()
        let soak = try stage.start(
            "qos2-bench",
            [
                "soak", "--kills", "20", "--cuts", "10", "--mqtt-version", version,
                "--folder", stage.folder.path + "/soak",
            ])
        #expect(try soak.end(within: .seconds(120)) == 0, "\(soak.log)")
        #expect(soak.log.contains("missing 0, doubled 0, reordered 0, changed 0, foreign 0"))
    }

    /// The same broker without its store: what it has acknowledged dies with it.
    @Test func aBrokerThatForgetsIsCaught() throws {
        let stage = try Stage()
        let binaries = stage.folder.appending(path: "binaries")
        try FileManager.default.createDirectory(at: binaries, withIntermediateDirectories: false)
        for program in ["plc-publisher", "database-subscriber"] {
            try FileManager.default.createSymbolicLink(
                at: binaries.appending(path: program),
                withDestinationURL: try Repository.program(program))
        }
        let forgetful = """
            #!/bin/sh
            { cat "$2"; echo persistence false; } >"$2.forgetful"
            exec \(try Repository.program("qos2-broker").path) -c "$2.forgetful"
            """
        let broker = try stage.write("binaries/qos2-broker", forgetful)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: broker)
        let soak = try stage.start(
            "qos2-bench",
            [
                "soak", "--kill", "broker", "--kills", "10", "--cuts", "0", "--patience", "10",
                "--binaries", binaries.path, "--folder", stage.folder.path + "/soak",
            ])
        #expect(try soak.end(within: .seconds(120)) == 2, "\(soak.log)")
    }
}
