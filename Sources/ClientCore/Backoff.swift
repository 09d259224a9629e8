// SPDX-License-Identifier: Apache-2.0
//
// How long to wait before the next attempt to reach the server. Each failure doubles the wait; chance
// spreads it, so that a thousand clients do not come back in one moment.
import MQTT

package struct Backoff: Equatable, Sendable {
    package static let shortest = Duration.milliseconds(250)
    package static let longest = Duration.seconds(30)
    /// A connection that held so long was a good one, as is any that carried a handshake to its end:
    /// the next loss starts from the shortest wait.
    package static let stableTime = Duration.seconds(10)

    private var failures = 0

    package init() {}

    /// The wait before the next attempt: between half of the doubled wait and the whole of it.
    package mutating func next(using random: inout SeededGenerator) -> Duration {
        var whole = Backoff.shortest
        for _ in 0..<failures where whole < Backoff.longest {
            whole *= 2
        }
        whole = min(whole, Backoff.longest)
        failures = min(failures + 1, 16)
        let half = whole.wholeNanoseconds / 2
        return .nanoseconds(half + Int64.random(in: 0...half, using: &random))
    }

    package mutating func connectionEnded(after duration: Duration, hasServed: Bool) {
        if hasServed || duration >= Backoff.stableTime { failures = 0 }
    }
}
