// SPDX-License-Identifier: Apache-2.0
// Facts as records of the journal. Kinds are numbered here once and for ever: a number is never
// given to another fact, and a change of form takes a new number. What is not durable (receivers
// whose sessions end with their connection) is left out, so that replay sees the durable world.
//
// All numbers are little-endian. A packet identifier of 0 means "none yet".
import Journal
import MQTT

/// The kinds of records that the broker writes.
enum FactKind: UInt16 {
    case opened = 1
    case resumed = 2
    case closed = 3
    case expiryChanged = 4
    case ended = 5
    case subscribed = 6
    case unsubscribed = 7
    case stored = 8
    case accepted = 9
    case released = 10
    case routed = 11
    case sent = 12
    case acknowledged = 13
    case completed = 14
    case dropped = 15
    case willForgotten = 16
    /// As `released` and `routed`, with a shared subscription among the receivers.
    case releasedToShares = 17
    case routedToShares = 18
    case sentOnce = 19
    case retainedExpired = 20
}

extension State {
    /// Stages the record of a durable `fact`, which has been applied, in `journal`.
    func encode(
        _ fact: Fact, _ details: borrowing Details, into journal: inout Journal
    ) {
        switch fact {
        case .opened(let id, let detail):
            write(.opened, id, details.openings[Int(detail)], into: &journal)
        case .resumed(let id, let detail):
            write(.resumed, id, details.openings[Int(detail)], into: &journal)
        case .closed(let id, let at):
            journal.append(.closed, atMost: 12) { out in
                out.append(little: id.place)
                out.append(little: UInt64(bitPattern: at.nanoseconds))
            }
        case .expiryChanged(let id, let expiry):
            writePair(.expiryChanged, id, expiry.seconds, into: &journal)
        case .ended(let id): writePlace(.ended, id, into: &journal)
        case .subscribed(let id, let detail):
            write(.subscribed, id, details.filters[Int(detail)], into: &journal)
        case .unsubscribed(let id, let detail):
            write(.unsubscribed, id, details.filters[Int(detail)], into: &journal)
        case .stored(let message): writeBody(message, into: &journal)
        case .accepted(let message, let id, let packet):
            journal.append(.accepted, atMost: 12) { out in
                out.append(little: message.place)
                out.append(little: id.place)
                out.append(little: UInt32(packet.rawValue))
            }
        case .released(let id, let packet, let receivers):
            write(released: id, packet, details, receivers, into: &journal)
        case .routed(let message, let retains, let receivers):
            write(routed: message, retains, details, receivers, into: &journal)
        case .sent(let id, let packet):
            writePair(.sent, id, UInt32(packet.rawValue), into: &journal)
        case .acknowledged(let id, let packet):
            writePair(.acknowledged, id, UInt32(packet.rawValue), into: &journal)
        case .completed(let id, let packet):
            writePair(.completed, id, UInt32(packet.rawValue), into: &journal)
        case .dropped(let id, let reason):
            writePair(.dropped, id, UInt32(reason.rawValue), into: &journal)
        case .retainedExpired(let message):
            journal.append(.retainedExpired, atMost: 4) { $0.append(little: message.place) }
        case .sentOnce(let id): writePlace(.sentOnce, id, into: &journal)
        case .willForgotten(let id): writePlace(.willForgotten, id, into: &journal)
        }
    }

    private func writePlace(_ kind: FactKind, _ id: SessionID, into journal: inout Journal) {
        journal.append(kind, atMost: 4) { $0.append(little: id.place) }
    }

    private func writePair(
        _ kind: FactKind, _ id: SessionID, _ value: UInt32, into journal: inout Journal
    ) {
        journal.append(kind, atMost: 8) { out in
            out.append(little: id.place)
            out.append(little: value)
        }
    }

    private func write(
        _ kind: FactKind, _ id: SessionID, _ opening: Details.Opening, into journal: inout Journal
    ) {
        let client = opening.client.bytes
        journal.append(kind, atMost: 28 + client.count) { out in
            out.append(little: id.place)
            out.append(little: opening.expiry.seconds)
            out.append(little: opening.will?.place ?? .max)
            out.append(little: opening.willDelay)
            out.append(little: UInt32(opening.willExpiry == nil ? 0 : 1))
            out.append(little: opening.willExpiry ?? 0)
            out.append(little: opening.connections)
            out.append(client.span)
        }
    }

    private func write(
        _ kind: FactKind, _ id: SessionID, _ filter: Details.Filter, into journal: inout Journal
    ) {
        journal.append(kind, atMost: 12 + filter.text.count) { out in
            out.append(little: id.place)
            out.append(
                little: UInt32(filter.options.byte) | (filter.owesRetained ? Self.owesRetained : 0))
            out.append(little: filter.identifier)
            out.append(filter.text.span)
        }
    }

    /// Beside the byte of a filter's options.
    static var owesRetained: UInt32 { 1 << 8 }

    /// Bodies from here on are not copied: the journal holds the message until it is durable.
    private static var attachedBody: Int { 64 << 10 }

    private func writeBody(_ id: MessageID, into journal: inout Journal) {
        let count = messages[id].bodyCount
        guard count >= Self.attachedBody else {
            journal.append(.stored, atMost: Self.storedHeadSize + count) { out in
                writeStoredHead(id, to: &out)
                out.append(messages[id].body)
            }
            return
        }
        messages.hold(id)
        unsafe journal.append(
            kind: FactKind.stored.rawValue, atMost: Self.storedHeadSize,
            attaching: UnsafeRawBufferPointer(messages[id].bodyMemory), token: id.place
        ) { writeStoredHead(id, to: &$0) }
    }

    private static var storedHeadSize: Int { 36 }

    @inline(__always)
    private func writeStoredHead(_ id: MessageID, to out: inout OutputRawSpan) {
        out.append(little: id.place)
        out.append(little: messages[id].number)
        out.append(little: UInt64(bitPattern: messages[id].expires.nanoseconds))
        out.append(little: UInt32(messages[id].qos.rawValue) | (messages[id].retain ? 4 : 0))
        out.append(little: UInt32(messages[id].topicCount))
        out.append(little: messages[id].propertiesCount)
        out.append(little: UInt32(truncatingIfNeeded: messages[id].payloadCount))
    }

    private func write(
        released id: SessionID, _ packet: PacketID, _ details: borrowing Details,
        _ receivers: Details.Receivers, into journal: inout Journal
    ) {
        let extent = extent(of: receivers, details)
        let kind: FactKind = extent.hasShares ? .releasedToShares : .released
        journal.append(kind, atMost: 12 + extent.size) { out in
            out.append(little: id.place)
            out.append(little: UInt32(packet.rawValue))
            out.append(little: extent.count)
            append(receivers, details, to: &out)
        }
    }

    private func write(
        routed message: MessageID, _ retains: Bool, _ details: borrowing Details,
        _ receivers: Details.Receivers, into journal: inout Journal
    ) {
        let extent = extent(of: receivers, details)
        let kind: FactKind = extent.hasShares ? .routedToShares : .routed
        journal.append(kind, atMost: 12 + extent.size) { out in
            out.append(little: message.place)
            out.append(little: UInt32(retains ? 1 : 0))
            out.append(little: extent.count)
            append(receivers, details, to: &out)
        }
    }

    /// How many of the receivers are durable, the bytes that they take, and whether one of them was
    /// chosen from a share.
    private func extent(
        of receivers: Details.Receivers, _ details: borrowing Details
    ) -> (count: UInt32, size: Int, hasShares: Bool) {
        var extent: (count: UInt32, size: Int, hasShares: Bool) = (0, 0, false)
        for at in receivers.range where details.receivers[at].isDurable {
            let delivery = details.receivers[at].delivery
            extent.count += 1
            extent.size += 12
            if delivery.identifiers != 0 {
                extent.size += 4 * identifierLists.list(delivery.identifiers).count
            }
            guard delivery.share != .none else { continue }
            extent.hasShares = true
            extent.size += 4 + subscriptions.shared[delivery.share].filter.count
        }
        return extent
    }

    /// The durable ones, each with its identifiers and the text of its share.
    private func append(
        _ receivers: Details.Receivers, _ details: borrowing Details, to out: inout OutputRawSpan
    ) {
        for at in receivers.range where details.receivers[at].isDurable {
            let delivery = details.receivers[at].delivery
            let id = UInt32(details.receivers[at].id?.rawValue ?? 0)
            let qos = UInt32(delivery.qos.rawValue)
            let retain: UInt32 = delivery.retain ? 1 << 18 : 0
            let isShared = delivery.share != .none
            out.append(little: details.receivers[at].session.place)
            out.append(little: id | qos << 16 | retain | (isShared ? 1 << 19 : 0))
            append(identifiers: delivery.identifiers, to: &out)
            guard isShared else { continue }
            let filter = subscriptions.shared[delivery.share].filter
            out.append(little: UInt32(filter.count))
            out.append(filter.span)
        }
    }

    private func append(identifiers: UInt32, to out: inout OutputRawSpan) {
        if identifiers == 0 { return out.append(little: 0 as UInt32) }
        let list = identifierLists.list(identifiers)
        out.append(little: UInt32(list.count))
        for identifier in list {
            out.append(little: identifier)
        }
    }
}

extension Journal {
    @inline(__always)
    fileprivate mutating func append(
        _ kind: FactKind, atMost size: Int, _ write: (inout OutputRawSpan) -> Void
    ) {
        append(kind: kind.rawValue, atMost: size, write)
    }
}

extension OutputRawSpan {
    @inline(__always)
    fileprivate mutating func append(little value: UInt32) {
        append(word: value.littleEndian)
    }

    @inline(__always)
    fileprivate mutating func append(little value: UInt64) {
        append(little: UInt32(truncatingIfNeeded: value))
        append(little: UInt32(truncatingIfNeeded: value >> 32))
    }
}
