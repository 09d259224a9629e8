// SPDX-License-Identifier: Apache-2.0
// The receiving half of QoS 2, the same in broker and client. It answers questions and remembers;
// what a repeat or an unknown identifier is worth is the caller's to decide.

/// The identifiers between PUBREC and PUBCOMP, each with what is held for it. [MQTT-4.3.3]
///
///     unknown ──PUBLISH──► stored ──PUBREL──► unknown
///                          │    ▲
///                          └────┘ PUBLISH again: acknowledge again, store nothing
///
/// `Held` is the unreleased message in the broker, and nothing (`Void`) in a client that has
/// stored the message by the time it acknowledges.
public struct InboundQoS2<Held>: ~Copyable {
    public enum Arrival: Equatable {
        case first
        case repeated
    }

    @usableFromInline var stored = PacketIDTable<Held>()

    @inlinable
    public init() {}

    @inlinable
    public var count: Int { stored.count }

    /// Of the table in which they are.
    public var capacity: Int { stored.capacity }

    /// Ascending, for those who must walk them all.
    public var ids: [PacketID] { stored.ids }

    @inlinable @inline(__always)
    public func arrival(of id: PacketID) -> Arrival {
        stored.contains(id) ? .repeated : .first
    }

    /// What PUBREL would release; nil for an identifier that is not open. [MQTT-4.3.3-11]
    @inlinable @inline(__always)
    public func held(for id: PacketID) -> Held? {
        stored[id]
    }

    @inlinable @inline(__always)
    public mutating func store(_ held: Held, under id: PacketID) {
        stored.insert(held, for: id)
    }

    /// The identifier is new again from here on. [MQTT-4.3.3-12]
    @inlinable @inline(__always)
    @discardableResult
    public mutating func release(_ id: PacketID) -> Held {
        guard let held = stored.remove(id) else {
            preconditionFailure("packet identifier \(id) released but not stored")
        }
        return held
    }

    public mutating func shrinkIfEmpty() {
        stored.shrinkIfEmpty()
    }
}
