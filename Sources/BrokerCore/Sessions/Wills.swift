// SPDX-License-Identifier: Apache-2.0
// Wills: made at CONNECT, kept with the session, published when the connection ends without
// DISCONNECT, or later by their delay. [MQTT-3.1.2-8]
import MQTT

extension Broker {
    /// The will as a message that the caller holds; nil if CONNECT has none. It does not expire
    /// while it waits.
    mutating func makeWill(_ packet: ConnectPacket, _ bytes: Span<UInt8>) -> MessageID? {
        guard let will = packet.will else { return nil }
        let draft = MessageStore.Draft(
            qos: will.qos, retain: will.retain,
            topicCount: will.topic.count, propertiesCount: will.properties.forwardableCount,
            payloadCount: will.payload.count)
        return state.messages.create(draft) { body in
            body.append(bytes.extracting(will.topic))
            will.properties.appendForwardable(from: bytes, to: &body)
            body.append(bytes.extracting(will.payload))
        }
    }

    /// Publishes a copy, whose expiry begins now, and forgets the will behind that: replay needs
    /// the message before it loses it.
    mutating func publishWill(
        of session: SessionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        guard let will = state[session].will else { return }
        let expires = will.expiry.map { now + .seconds(Int64($0)) }
        let message = state.messages.copy(will.message, expires: expires ?? .distantFuture)
        let entry = entry(of: message)
        route(message, through: entry, from: session, at: now, into: &effects)
        record(.willForgotten(session), into: &effects)
        effects.letGo(message, of: &self)
    }
}
