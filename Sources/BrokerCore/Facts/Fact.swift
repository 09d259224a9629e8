// SPDX-License-Identifier: Apache-2.0
// What was decided. A fact carries every choice that was made (receivers, identifiers, times), so
// that replay decides nothing: tomorrow's routing reads yesterday's journal.
import MQTT

/// A change of durable state. Facts are small values; what varies in size lies in the `Details`
/// that travel with them.
package enum Fact: Equatable, Sendable {
    /// A session began; its place is chosen. Detail: `Opening`.
    case opened(SessionID, detail: Int32)
    /// A session goes on under a new connection. Detail: `Opening`.
    case resumed(SessionID, detail: Int32)
    /// Its connection ended, and it waits for the next one.
    case closed(SessionID, at: Instant)
    /// DISCONNECT changed how long it waits.
    case expiryChanged(SessionID, SessionExpiry)
    case ended(SessionID)
    /// Detail: `Filter`.
    case subscribed(SessionID, detail: Int32)
    case unsubscribed(SessionID, detail: Int32)
    /// The store holds a new message; whoever needs it says so with the next facts.
    case stored(MessageID)
    /// A QoS 2 message arrived first under this identifier: received, not released.
    case accepted(MessageID, from: SessionID, PacketID)
    /// PUBREL: all of its receivers, or none. The identifier is new again.
    case released(SessionID, PacketID, receivers: Details.Receivers)
    /// A message (QoS 0 or 1, or a will) was handed on as it came.
    case routed(MessageID, retains: Bool, receivers: Details.Receivers)
    /// The oldest waiting delivery took this identifier.
    case sent(SessionID, PacketID)
    /// The oldest waiting delivery has QoS 0 and was sent.
    case sentOnce(SessionID)
    /// The receiver's PUBREC: the delivery is a PUBREL now.
    case acknowledged(SessionID, PacketID)
    /// PUBCOMP, PUBACK, or a refusal: the identifier is free.
    case completed(SessionID, PacketID)
    /// The oldest waiting delivery was given up.
    case dropped(SessionID, DropReason)
    /// The topic has no retained message any more.
    case retainedExpired(MessageID)
    /// The will of the session is not published any more.
    case willForgotten(SessionID)
}

/// Why a delivery or message was given up. Every drop is counted and told.
package enum DropReason: UInt8, CaseIterable, Sendable {
    case queueFull = 1
    case expired = 2
    case tooLarge = 3
    case congested = 4
    case sessionEnded = 5
    case publisherEnded = 6
    case refused = 7

    package var text: String {
        switch self {
        case .queueFull: "queue-full"
        case .expired: "expired"
        case .tooLarge: "too-large"
        case .congested: "receiver-too-slow"
        case .sessionEnded: "session-ended"
        case .publisherEnded: "publisher-ended-before-pubrel"
        case .refused: "refused-by-receiver"
        }
    }
}

/// The parts of facts that vary in size, gathered beside them and named by position.
package struct Details: ~Copyable {
    /// Positions of a fact's receivers.
    package struct Receivers: Equatable, Sendable {
        fileprivate let start: Int32
        fileprivate let end: Int32
        /// One of them is a session that outlives its connection.
        let hasDurable: Bool

        package static let none = Receivers(start: 0, end: 0, hasDurable: false)

        var count: Int32 { end &- start }

        @inline(__always)
        var range: Range<Int> { unsafe Range(uncheckedBounds: (Int(start), Int(end))) }
    }

    package struct Opening: Equatable {
        package var client: ClientID
        package var expiry: SessionExpiry
        package var will: MessageID?
        package var willDelay: UInt32 = 0
        /// Seconds that the will lives once it is published.
        package var willExpiry: UInt32?
        /// How many connections `opened` begins with: more than one in a checkpoint.
        package var connections: UInt32 = 1
    }

    package struct Filter: Equatable {
        package var text: [UInt8]
        package var options: SubscriptionOptions
        package var identifier: UInt32
        /// Not all retained messages that it brings have been handed on.
        package var owesRetained = false
    }

    package private(set) var receivers = Pile<Receiver>()
    private var isEmpty = true
    /// Of the receivers that are being listed.
    private var hasDurable = false
    package private(set) var openings = Pile<Opening>()
    package private(set) var filters = Pile<Filter>()

    package init() {}

    @inline(__always)
    mutating func removeAll() {
        if isEmpty { return }
        isEmpty = true
        receivers.removeAll()
        if !openings.isEmpty || !filters.isEmpty { removeRare() }
    }

    @inline(never)
    private mutating func removeRare() {
        openings.removeAll()
        filters.removeAll()
    }

    /// Returns the number by which a fact names it.
    mutating func add(_ opening: Opening) -> Int32 {
        isEmpty = false
        openings.append(opening)
        return Int32(openings.count - 1)
    }

    mutating func add(_ filter: Filter) -> Int32 {
        isEmpty = false
        filters.append(filter)
        return Int32(filters.count - 1)
    }

    /// What a session was given already in the list of receivers that begins at `start`: with
    /// plain subscriptions it is there once, but every share may choose it again.
    func identifiers(
        chosenFor delivery: Delivery, to session: SessionID, from start: Int
    ) -> (count: Int, last: PacketID?) {
        guard delivery.share != .none else { return (0, nil) }
        var chosen: (count: Int, last: PacketID?) = (0, nil)
        for at in start..<receivers.count where receivers[at].session == session {
            guard let id = receivers[at].id else { continue }
            chosen = (chosen.count + 1, id)
        }
        return chosen
    }

    /// Begins a list of receivers. The answer is where.
    @inline(__always)
    mutating func beginReceivers() -> Int {
        hasDurable = false
        return receivers.count
    }

    @inline(__always)
    mutating func add(_ receiver: Receiver) {
        isEmpty = false
        receivers.append(receiver)
        if receiver.isDurable { hasDurable = true }
    }

    /// Closes the list of receivers that was begun at `start`.
    @inline(__always)
    func receivers(from start: Int) -> Receivers {
        Receivers(
            start: Int32(truncatingIfNeeded: start),
            end: Int32(truncatingIfNeeded: receivers.count), hasDurable: hasDurable)
    }
}
