// SPDX-License-Identifier: Apache-2.0
// Keep Alive from both sides.
import Testing

@testable import MQTT

@Suite struct KeepAliveTests {
    /// [MQTT-3.1.2-22]
    @Test func aServerWaitsOneAndAHalfTimes() {
        #expect(KeepAlive(seconds: 10).tolerance == .seconds(15))
        #expect(KeepAlive(seconds: 1).tolerance == .milliseconds(1500))
        #expect(KeepAlive(seconds: .max).tolerance == .milliseconds(98_302_500))
    }

    /// [MQTT-3.1.2-20]
    @Test func aClientSpeaksBeforeTheTimeIsOver() {
        let sent = Instant(nanoseconds: 1_000)
        #expect(KeepAlive(seconds: 8).pingDue(after: sent) == sent + .seconds(6))
        for seconds in [1, 2, 60, 65_535] as [UInt16] {
            let due = KeepAlive(seconds: seconds).pingDue(after: sent)!
            #expect(due > sent)
            #expect(due < sent + .seconds(Int64(seconds)))
        }
    }

    @Test func zeroSwitchesItOff() {
        #expect(KeepAlive(seconds: 0).tolerance == nil)
        #expect(KeepAlive(seconds: 0).pingDue(after: Instant(nanoseconds: 0)) == nil)
    }
}
