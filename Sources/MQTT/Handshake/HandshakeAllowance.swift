// SPDX-License-Identifier: Apache-2.0
// How many handshakes a log shows at most, the same for broker and clients: 50 a second, which with
// four packets each are 200 packets.

public struct HandshakeAllowance: Sendable {
    private static let perSecond = 50

    private var second: Int64 = 0
    private var left = perSecond

    public init() {}

    /// Takes one of this second's handshakes; false if all are taken.
    public mutating func take(at now: Instant) -> Bool {
        let thisSecond = now.nanoseconds / 1_000_000_000
        if thisSecond != second {
            second = thisSecond
            left = Self.perSecond
        }
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
