// SPDX-License-Identifier: Apache-2.0
// Writes down what the broker wants done, for tests that look at its decisions.
import MQTT

@testable import BrokerCore

/// One thing to do; see `Effects`.
enum Effect {
    case record(Fact, isDurable: Bool)
    case acknowledge(PacketKind, PacketID, ReasonCode, to: ConnectionID)
    case deliver(Delivery, PacketID?, isRepeat: Bool, to: ConnectionID)
    case pass(topic: String, to: ConnectionID)
    case letGo(MessageID)
    case answer(Answer, to: ConnectionID)
    case pong(to: ConnectionID)
    case disconnect(ReasonCode, ConnectionID)
    case close(ConnectionID)
    case pauseReading(ConnectionID)
    case resumeReading(ConnectionID)
    case setDeadline(Deadline, Instant?)
    case tell(Note)
}

struct EffectList: Effects {
    private(set) var effects: [Effect] = []

    mutating func removeAll() { effects.removeAll() }

    mutating func record(_ fact: Fact, isDurable: Bool, of broker: borrowing Broker) {
        effects.append(.record(fact, isDurable: isDurable))
    }

    mutating func acknowledge(
        _ kind: PacketKind, _ packet: PacketID, _ reason: ReasonCode, to id: ConnectionID,
        from broker: inout Broker
    ) {
        effects.append(.acknowledge(kind, packet, reason, to: id))
    }

    mutating func deliver(
        _ delivery: Delivery, _ packet: PacketID?, isRepeat: Bool, to id: ConnectionID,
        from broker: inout Broker
    ) {
        effects.append(.deliver(delivery, packet, isRepeat: isRepeat, to: id))
    }

    mutating func pass(
        _ packet: PublishPacket, _ bytes: Span<UInt8>, to id: ConnectionID,
        from broker: inout Broker
    ) {
        let topic = String(copying: bytes.extracting(packet.topic))
        effects.append(.pass(topic: topic, to: id))
    }

    /// Who reads the list lets it go: until then it names the message.
    mutating func letGo(_ message: MessageID, of broker: inout Broker) {
        effects.append(.letGo(message))
    }

    mutating func answer(_ answer: Answer, to id: ConnectionID, from broker: inout Broker) {
        effects.append(.answer(answer, to: id))
    }

    mutating func pong(to id: ConnectionID, from broker: inout Broker) {
        effects.append(.pong(to: id))
    }

    mutating func disconnect(
        _ reason: ReasonCode, _ id: ConnectionID, from broker: inout Broker
    ) {
        effects.append(.disconnect(reason, id))
    }

    mutating func close(_ id: ConnectionID, from broker: inout Broker) {
        effects.append(.close(id))
    }

    mutating func pauseReading(_ id: ConnectionID) { effects.append(.pauseReading(id)) }

    mutating func resumeReading(_ id: ConnectionID) { effects.append(.resumeReading(id)) }

    mutating func setDeadline(_ deadline: Deadline, _ at: Instant?) {
        effects.append(.setDeadline(deadline, at))
    }

    mutating func tell(_ note: Note) { effects.append(.tell(note)) }
}
