// SPDX-License-Identifier: Apache-2.0
//
// The packets in which a property may stand; the will of a CONNECT is a place of its own.

public struct PropertyPlaces: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16

    @inlinable
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// One bit a packet type; type 0 is reserved, so that its bit is free for the will.
    @inlinable
    public init(_ kind: PacketKind) { rawValue = 1 &<< UInt16(kind.rawValue) }

    @inlinable public static var will: Self { Self(rawValue: 1) }
    @inlinable public static var connect: Self { Self(.connect) }
    @inlinable public static var connack: Self { Self(.connack) }
    @inlinable public static var publish: Self { Self(.publish) }
    @inlinable public static var subscribe: Self { Self(.subscribe) }
    @inlinable public static var suback: Self { Self(.suback) }
    @inlinable public static var unsubscribe: Self { Self(.unsubscribe) }
    @inlinable public static var unsuback: Self { Self(.unsuback) }
    @inlinable public static var disconnect: Self { Self(.disconnect) }
    @inlinable public static var auth: Self { Self(.auth) }

    @inlinable public static var messages: Self { [.publish, .will] }
    @inlinable public static var acknowledgements: Self {
        [Self(.puback), Self(.pubrec), Self(.pubrel), Self(.pubcomp)]
    }
    @inlinable public static var answers: Self {
        [.connack, .acknowledgements, .suback, .unsuback, .disconnect, .auth]
    }
    @inlinable public static var all: Self {
        [.connect, .messages, .answers, .subscribe, .unsubscribe]
    }
}
