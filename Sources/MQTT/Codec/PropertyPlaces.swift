// SPDX-License-Identifier: Apache-2.0
//
// The packets in which a property may stand; the will of a CONNECT is a place of its own.

package struct PropertyPlaces: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16

    @inlinable
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// One bit a packet type; type 0 is reserved, so that its bit is free for the will.
    @inlinable
    package init(_ kind: PacketKind) { rawValue = 1 &<< UInt16(kind.rawValue) }

    @inlinable package static var will: Self { Self(rawValue: 1) }
    @inlinable package static var connect: Self { Self(.connect) }
    @inlinable package static var connack: Self { Self(.connack) }
    @inlinable package static var publish: Self { Self(.publish) }
    @inlinable package static var subscribe: Self { Self(.subscribe) }
    @inlinable package static var suback: Self { Self(.suback) }
    @inlinable package static var unsubscribe: Self { Self(.unsubscribe) }
    @inlinable package static var unsuback: Self { Self(.unsuback) }
    @inlinable package static var disconnect: Self { Self(.disconnect) }
    @inlinable package static var auth: Self { Self(.auth) }

    @inlinable package static var messages: Self { [.publish, .will] }
    @inlinable package static var acknowledgements: Self {
        [Self(.puback), Self(.pubrec), Self(.pubrel), Self(.pubcomp)]
    }
    @inlinable package static var answers: Self {
        [.connack, .acknowledgements, .suback, .unsuback, .disconnect, .auth]
    }
    @inlinable package static var all: Self {
        [.connect, .messages, .answers, .subscribe, .unsubscribe]
    }
}
