// SPDX-License-Identifier: Apache-2.0
// Wills: made at CONNECT, kept with the session, published when the connection ends without
// DISCONNECT, or later by their delay. [MQTT-3.1.2-8]
import MQTT

extension Broker {
    /// The will as a message that the caller holds; nil if CONNECT has none.
    mutating func makeWill(
        _ packet: ConnectPacket, _ bytes: Span<UInt8>, at now: Instant
    ) -> MessageID? {
        guard let will = packet.will else { return nil }
        let expires = will.properties.messageExpiry.map { now + .seconds(Int64($0)) }
        let draft = MessageStore.Draft(
            qos: will.qos, retain: will.retain, expires: expires ?? .distantFuture,
            topicCount: will.topic.count, propertiesCount: will.properties.forwardableCount,
            payloadCount: will.payload.count)
        return state.messages.create(draft) { body in
            body.append(bytes.extracting(will.topic))
            will.properties.appendForwardable(from: bytes, to: &body)
            body.append(bytes.extracting(will.payload))
        }
    }

    mutating func publishWill(
        of session: SessionID, at now: Instant, into effects: inout EffectList
    ) {
        guard let will = state[session].will else { return }
        state.messages.hold(will.message)
        record(.willForgotten(session), into: &effects)
        let entry = routes(of: will.message)
        route(will.message, through: entry, from: session, at: now, into: &effects)
        effects.append(.letGo(will.message))
    }
}
