// SPDX-License-Identifier: Apache-2.0
//
// SUBSCRIBE and its answer. What the server refuses is asked for again after a pause, for as long as
// the connection lasts.
import MQTT

extension ClientSession {
    mutating func subscribe(
        resumed: Bool, at now: Instant, into effects: inout [ClientEffect]
    ) {
        guard !options.subscriptions.isEmpty, !resumed || !hasSubscribed else { return }
        subscribe(Array(options.subscriptions.indices), at: now, into: &effects)
    }

    private mutating func subscribe(
        _ places: [Int], at now: Instant, into effects: inout [ClientEffect]
    ) {
        let id = freeID
        connection?.subscribing = (id, places, now + options.answerTime)
        effects.append(.subscribe(id, places))
        sent(at: now)
    }

    /// Any identifier that no flight has: from the other end, so that they seldom meet. While
    /// SUBACK is owed, `nextID` passes over it.
    private var freeID: PacketID {
        var candidate = UInt16.max
        while outbox.isOpen(PacketID(candidate)) {
            candidate -= 1
        }
        return PacketID(candidate)
    }

    mutating func subscribed(
        _ packet: SubackPacket, in bytes: Span<UInt8>, at now: Instant,
        into effects: inout [ClientEffect]
    ) throws(DecodeError) {
        guard let (id, places, _) = connection?.subscribing, id == packet.id else {
            throw .protocolError(.packetOfOtherRole)
        }
        guard packet.reasons.count == places.count else {  // [MQTT-3.9.3-1]
            throw .protocolError(.noReasonCodes)
        }
        connection?.subscribing = nil
        var refused: [Int] = []
        for (place, index) in zip(places, packet.reasons) {
            let reason = ReasonCode(bytes[index])
            let filter = options.subscriptions[place].filter
            if let qos = QoS(rawValue: reason.rawValue) {
                effects.append(.tell(.subscribed(filter, qos)))
            } else {
                refused.append(place)
                effects.append(
                    .tell(
                        .subscriptionRefused(filter, reason, retryIn: options.refusalPause)))
            }
        }
        if refused.isEmpty {
            hasSubscribed = true
        } else {
            connection?.subscribeAgain = (refused, now + options.refusalPause)
        }
        publish(at: now, into: &effects)
    }

    mutating func subscribeAgain(at now: Instant, into effects: inout [ClientEffect]) {
        guard let (places, _) = connection?.subscribeAgain else { return }
        connection?.subscribeAgain = nil
        subscribe(places, at: now, into: &effects)
    }
}
