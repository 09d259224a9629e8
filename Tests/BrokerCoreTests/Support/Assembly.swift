// SPDX-License-Identifier: Apache-2.0
// A broker without an engine: packets go in as events, and what it wants done comes out as sayings.
// Deadlines, notes and the handlers' own holds are left out of what tests compare.
import MQTT

@testable import BrokerCore
@testable import Scenes

final class Assembly {
    var broker: Broker
    var now = Instant(nanoseconds: 1_700_000_000_000_000_000)
    private var effects = EffectList()
    /// By place of session and of connection.
    private var clients: [UInt32: String] = [:]
    private var speakers: [ConnectionID: String] = [:]

    init(_ limits: Limits = Limits()) {
        broker = Broker(limits: limits, seed: 1)
    }

    func member(_ name: String, _ version: ProtocolVersion = .v5) -> Member {
        let id = ConnectionID(place: UInt32(speakers.count))
        speakers[id] = name
        return Member(self, name, version, id)
    }

    /// The effects of one event of `speaker`, carried out as far as the broker itself is concerned.
    func hear(
        _ speaker: String, _ event: (inout Broker, inout EffectList, Instant) throws -> Void
    ) rethrows -> [Saying] {
        try event(&broker, &effects, now)
        let sayings = effects.effects.compactMap { saying($0, speaker) }
        for case .letGo(let message) in effects.effects {
            broker.state.messages.release(message)
        }
        effects.removeAll()
        broker.details.removeAll()
        return sayings
    }

    private func saying(_ effect: Effect, _ speaker: String) -> Saying? {
        func to(_ id: ConnectionID) -> String? {
            speakers[id] == speaker ? nil : speakers[id]
        }
        switch effect {
        case .record(let fact, let isDurable):
            let decision = decision(fact)
            return isDurable ? .journal(decision) : .record(decision)
        case .acknowledge(.puback, let packet, let reason, let id):
            return .puback(packet, reason, to: to(id))
        case .acknowledge(.pubrec, let packet, let reason, let id):
            return .pubrec(packet, reason, to: to(id))
        case .acknowledge(.pubrel, let packet, let reason, let id):
            return .pubrel(packet, reason, to: to(id))
        case .acknowledge(_, let packet, let reason, let id):
            return .pubcomp(packet, reason, to: to(id))
        case .deliver(let delivery, let packet, let isRepeat, let id):
            return .publish(
                topic(delivery.message), qos: Int(delivery.qos.rawValue), id: packet,
                dup: isRepeat, to: to(id))
        case .pass(let topic, let id): return .publish(topic, to: to(id))
        case .answer(let answer, _): return saying(answer)
        case .pong: return .pingresp
        case .disconnect(let reason, let id): return .disconnect(reason, to: to(id))
        case .close(let id): return .close(to: to(id))
        case .pauseReading(let id): return .pauseReading(of: to(id))
        case .resumeReading(let id): return .resumeReading(of: to(id))
        case .setDeadline, .letGo, .tell: return nil
        }
    }

    private func saying(_ answer: Answer) -> Saying {
        switch answer {
        case .connack(let connack): .connack(connack.reason, present: connack.sessionPresent)
        case .suback(_, let reasons): .suback(reasons)
        case .unsuback(_, let reasons): .unsuback(reasons)
        }
    }

    private func decision(_ fact: Fact) -> Decision {
        switch fact {
        case .opened(let id, let detail):
            clients[id.place] = broker.details.openings[Int(detail)].client.description
            return .opened(name(id))
        case .resumed(let id, _): return .resumed(name(id))
        case .closed(let id, _): return .closed(name(id))
        case .expiryChanged(let id, let expiry): return .expiryChanged(name(id), expiry.seconds)
        case .ended(let id): return .ended(name(id))
        case .subscribed(let id, let detail): return .subscribed(name(id), filter(detail))
        case .unsubscribed(let id, let detail): return .unsubscribed(name(id), filter(detail))
        case .stored(let message): return .stored(topic(message))
        case .accepted(let message, let id, let packet):
            return .accepted(topic(message), from: name(id), packet)
        case .released(let id, let packet, let receivers):
            return .released(name(id), packet, to: names(receivers))
        case .routed(let message, let retains, let receivers):
            return .routed(topic(message), retains: retains, to: names(receivers))
        case .sent(let id, let packet): return .sent(name(id), packet)
        case .acknowledged(let id, let packet): return .acknowledged(name(id), packet)
        case .completed(let id, let packet): return .completed(name(id), packet)
        case .dropped(let id, let reason): return .dropped(name(id), reason)
        case .sentOnce(let id): return .sentOnce(name(id))
        case .retainedExpired(let message): return .retainedExpired(topic(message))
        case .willForgotten(let id): return .willForgotten(name(id))
        }
    }

    private func name(_ id: SessionID) -> String { clients[id.place] ?? "?" }

    private func filter(_ detail: Int32) -> String {
        String(decoding: broker.details.filters[Int(detail)].text, as: UTF8.self)
    }

    private func names(_ receivers: Details.Receivers) -> [String] {
        receivers.range.map { at in
            let receiver = broker.details.receivers[at]
            return name(receiver.session) + (receiver.id.map { "#\($0)" } ?? "")
        }
    }

    private func topic(_ message: MessageID) -> String {
        broker.state.topic(of: message)
    }
}

extension State {
    fileprivate borrowing func topic(of message: MessageID) -> String {
        String(copying: messages[message].topic)
    }
}

/// One client at the table: what it says is one event, and the answer is everything that follows.
struct Member {
    private let assembly: Assembly
    private let name: String
    private let version: ProtocolVersion
    private let id: ConnectionID

    init(_ assembly: Assembly, _ name: String, _ version: ProtocolVersion, _ id: ConnectionID) {
        self.assembly = assembly
        self.name = name
        self.version = version
        self.id = id
    }

    private func header(_ wire: [UInt8]) throws -> FixedHeader {
        try FixedHeader.read(wire.span, at: 0, version: version)!
    }

    func connect(
        clean: Bool = true, expiry: UInt32? = nil, window: UInt16? = nil, will: String? = nil
    ) throws -> [Saying] {
        var encoder = ConnectEncoder(version, clientID: ClientID(name), cleanStart: clean)
        encoder.sessionExpiry = expiry
        encoder.receiveMaximum = window
        encoder.will = will.map { WillEncoder(topic: $0, payload: [1], qos: .exactlyOnce) }
        let wire = encoder.encoded()
        let packet = try ConnectPacket(wire.span, header(wire))
        return assembly.hear(name) { broker, effects, now in
            broker.opened(id, peer: name, at: now, into: &effects)
            broker.connect(packet, wire.span, on: id, at: now, into: &effects)
        }
    }

    func publish(
        _ id: PacketID?, _ topic: String, qos: Int = 2, retain: Bool = false
    ) throws -> [Saying] {
        let head = PublishHead(qos: QoS(qos), retain: retain, id: id)
        let wire = Wire.publish(version, head, topic, [0x78])
        let packet = try PublishPacket(wire.span, header(wire), version, from: .client)
        return assembly.hear(name) { broker, effects, now in
            _ = broker.publish(packet, wire.span, on: self.id, at: now, into: &effects)
        }
    }

    func pubrel(_ packet: PacketID) -> [Saying] {
        assembly.hear(name) { broker, effects, now in
            broker.release(packet, on: id, at: now, into: &effects)
        }
    }

    func acknowledge(
        _ kind: OutboundFlow.Acknowledgement, _ packet: PacketID, _ reason: ReasonCode = .success
    ) -> [Saying] {
        assembly.hear(name) { broker, effects, now in
            broker.acknowledged(kind, packet, reason, on: id, at: now, into: &effects)
        }
    }

    func subscribe(_ filter: String, qos: Int = 2) throws -> [Saying] {
        let options = SubscriptionOptions(maximumQoS: QoS(qos))
        let wire = SubscribeEncoder(version, 1, [.init(filter, options)]).encoded()
        let packet = try SubscribePacket(wire.span, header(wire), version)
        return assembly.hear(name) { broker, effects, now in
            broker.subscribe(packet, wire.span, on: id, at: now, into: &effects)
        }
    }

    func unsubscribe(_ filter: String) throws -> [Saying] {
        let wire = UnsubscribeEncoder(version, 1, [filter]).encoded()
        let packet = try UnsubscribePacket(wire.span, header(wire), version)
        return assembly.hear(name) { broker, effects, _ in
            broker.unsubscribe(packet, wire.span, on: id, into: &effects)
        }
    }

    func disconnect(expiry: UInt32? = nil) throws -> [Saying] {
        var encoder = DisconnectEncoder(version)
        encoder.sessionExpiry = expiry
        let wire = encoder.encoded()
        let packet = try DisconnectPacket(wire.span, header(wire), version, from: .client)
        return assembly.hear(name) { broker, effects, now in
            broker.disconnect(packet, on: id, at: now, into: &effects)
        }
    }

    func lose() -> [Saying] {
        assembly.hear(name) { broker, effects, now in
            broker.closed(id, "reset", at: now, into: &effects)
        }
    }
}
