// SPDX-License-Identifier: Apache-2.0
// The two sides of Keep Alive: how long a server waits, and when a client has to speak.

/// The Keep Alive of one connection, in whole seconds; 0 switches it off.
public struct KeepAlive: Equatable, Sendable {
    public let seconds: UInt16

    public init(seconds: UInt16) {
        self.seconds = seconds
    }

    /// Silence after which a server gives the client up. [MQTT-3.1.2-22]
    public var tolerance: Duration? {
        seconds == 0 ? nil : .milliseconds(Int64(seconds) * 1500)
    }

    /// When a client that last sent at `sent` must send PINGREQ. [MQTT-3.1.2-20]
    ///
    /// Three quarters of the interval, so that the packet arrives within it.
    public func pingDue(after sent: Instant) -> Instant? {
        seconds == 0 ? nil : sent + .milliseconds(Int64(seconds) * 750)
    }
}
