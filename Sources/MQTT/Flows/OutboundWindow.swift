// SPDX-License-Identifier: Apache-2.0
// Everything one sender has in flight to one receiver: identifiers, their flows, their order, and
// how much of the receiver's Receive Maximum is used. The same in broker and client.

/// The deliveries between their first PUBLISH and their last acknowledgement.
///
/// Identifiers count upwards and skip those still open, so that one is not used again soon after
/// it was freed. The choice is asked for (`nextID`) apart from being made (`open`), because the
/// broker records it as a fact in between.
public struct OutboundWindow<Held>: ~Copyable {
    public struct Flight {
        public var held: Held
        public var flow: OutboundFlow
        /// Ascending in the order of first sending. [MQTT-4.6.0-1]
        public var order: UInt32

        @inlinable
        init(held: Held, flow: OutboundFlow, order: UInt32) {
            self.held = held
            self.flow = flow
            self.order = order
        }
    }

    @usableFromInline var flights = PacketIDTable<Flight>()
    @usableFromInline var nextOrder: UInt32 = 0

    /// Resends that this connection still owes, oldest last. They hold no quota until sent again.
    @usableFromInline var unsent: [PacketID] = []
    @usableFromInline var lastID: UInt16 = 0

    @inlinable
    public init() {}

    @inlinable
    public var count: Int { flights.count }

    /// Of the table in which they are.
    public var capacity: Int { flights.capacity }

    /// What counts against the receiver's Receive Maximum. A flight after PUBREC counts too: its
    /// receiver may still hold the place. [MQTT-4.9.0-2]
    @inlinable
    public var used: Int { flights.count - unsent.count }

    @inlinable
    public var owesResends: Bool { !unsent.isEmpty }

    @inlinable
    public subscript(id: PacketID) -> Flight? {
        @inline(__always) get { flights[id] }
    }

    /// The identifier that the next flight should take; nil while `limit` flights are open. Of
    /// several that are chosen before they are opened, each is asked for `after` the one before.
    @inlinable @inline(__always)
    public func nextID(limit: Int, after chosen: PacketID? = nil) -> PacketID? {
        guard flights.count < min(limit, 65_535), unsent.isEmpty else { return nil }
        var candidate = chosen?.rawValue ?? lastID
        while true {
            candidate &+= 1
            if let id = PacketID(rawValue: candidate), !flights.contains(id) { return id }
        }
    }

    @inlinable @inline(__always)
    public mutating func open(_ id: PacketID, _ held: Held, _ flow: OutboundFlow) {
        flights.insert(Flight(held: held, flow: flow, order: nextOrder), for: id)
        lastID = id.rawValue
        nextOrder &+= 1
    }

    @inlinable @inline(__always)
    public mutating func release(_ id: PacketID) {
        flights.change(id) { flight in
            precondition(
                flight.flow == .published2, "packet identifier \(id) is not waiting for PUBREC")
            flight.flow = .released
        }
        removeUnsent(id)  // [MQTT-4.3.3-6]
    }

    @inlinable @inline(__always)
    @discardableResult
    public mutating func close(_ id: PacketID) -> Held {
        guard let flight = flights.remove(id) else {
            preconditionFailure("packet identifier \(id) is not in flight")
        }
        removeUnsent(id)
        return flight.held
    }

    /// The receiver has had it on an earlier connection and needs no repeat.
    @inlinable @inline(__always)
    mutating func removeUnsent(_ id: PacketID) {
        if !unsent.isEmpty { forget(id) }
    }

    @usableFromInline @inline(never)
    mutating func forget(_ id: PacketID) {
        unsent.removeAll { $0 == id }
    }

    /// In the order of first sending.
    public var inOrder: [(id: PacketID, flight: Flight)] {
        if flights.isEmpty { return [] }
        // Orders wrap around after 2³² flights; a window is never so old that this shows.
        return flights.ids.map { (id: $0, flight: flights[$0]!) }
            .sorted { Int32(bitPattern: $0.flight.order &- $1.flight.order) < 0 }
    }

    /// A new connection: nothing was sent on it yet. [MQTT-4.4.0-1]
    /// An owed PUBREL is no PUBLISH and waits for no quota, so it is not among the unsent.
    public mutating func connectionChanged() {
        unsent = inOrder.reversed().filter { $0.flight.flow != .released }.map { $0.id }
    }

    /// The next PUBLISH to repeat, once `limit` allows it; it counts as sent from here on.
    @inlinable
    public mutating func nextResend(limit: Int) -> (id: PacketID, flight: Flight)? {
        guard used < limit, let id = unsent.popLast() else { return nil }
        return (id, flights[id]!)
    }

    public mutating func shrinkIfEmpty() {
        flights.shrinkIfEmpty()
    }
}
