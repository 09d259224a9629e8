// SPDX-License-Identifier: Apache-2.0
//
// A session under test and the server's side of its conversation: packets are said in a word and go
// in as bytes, effects come out as a list. Handshake lines are left out unless a test asks for them.
import MQTT
import Testing

@testable import ClientCore

struct Conversation: ~Copyable {
    var session: ClientSession
    var now = Instant(nanoseconds: 1_000_000_000_000)
    /// The lines of the last event.
    var steps: [HandshakeStep] = []

    init(
        version: ProtocolVersion = .v5, outbox: consuming Outbox = Outbox(),
        stored: [PacketID] = [],
        knowsSession: Bool = false, _ adjust: (inout ClientOptions) -> Void = { _ in }
    ) {
        var options = ClientOptions(clientID: ClientID("c"), server: "test:1883")
        options.version = version
        adjust(&options)
        session = ClientSession(
            options, outbox: outbox, storedIdentifiers: stored, knowsSession: knowsSession)
    }

    /// Effects of an event without its handshake lines.
    mutating func effects(
        _ event: (inout ClientSession, Instant, inout [ClientEffect]) -> Void
    ) -> [ClientEffect] {
        var effects: [ClientEffect] = []
        event(&session, now, &effects)
        steps = effects.compactMap { if case .step(let step) = $0 { step } else { nil } }
        return effects.filter { if case .step = $0 { false } else { true } }
    }

    mutating func opened() -> [ClientEffect] {
        effects { $0.opened(at: $1, into: &$2) }
    }

    /// Bytes from the server, one packet.
    mutating func received(_ bytes: [UInt8]) -> [ClientEffect] {
        effects { session, now, effects in
            do throws(DecodeError) {
                let header = try FixedHeader.read(bytes.span, at: 0)
                try session.take(header!, in: bytes.span, at: now, into: &effects)
            } catch {
                session.violated(error.reason, "\(error)", into: &effects)
            }
        }
    }

    mutating func received(_ packet: some PacketEncoder) -> [ClientEffect] {
        received(packet.encoded())
    }

    mutating func acknowledged(
        _ kind: PacketKind, _ id: PacketID, _ reason: ReasonCode = .success
    ) -> [ClientEffect] {
        received(AcknowledgementEncoder(session.options.version, kind, id, reason))
    }

    mutating func accepted(
        present: Bool = false, _ adjust: (inout ConnackEncoder) -> Void = { _ in }
    ) -> [ClientEffect] {
        var packet = ConnackEncoder(accepting: session.options.version, sessionPresent: present)
        adjust(&packet)
        return received(packet)
    }

    /// A connection without anything to say.
    mutating func connect(present: Bool = false) -> [ClientEffect] {
        _ = opened()
        return accepted(present: present)
    }

    mutating func reconnect(present: Bool = true) -> [ClientEffect] {
        _ = session.closed(at: now)
        return connect(present: present)
    }

    mutating func enqueue(_ message: OutboxMessage) -> [ClientEffect] {
        effects { _ = $0.enqueue(message, at: $1, into: &$2) }
    }

    mutating func deadlineReached() -> [ClientEffect] {
        effects { $0.deadlineReached(at: $1, into: &$2) }
    }

    mutating func stored(_ receipt: Receipt) -> [ClientEffect] {
        effects { $0.stored(receipt, at: $1, into: &$2) }
    }

    mutating func forgotten(_ receipt: Receipt) -> [ClientEffect] {
        effects { $0.forgotten(receipt, at: $1, into: &$2) }
    }

    mutating func pass(_ time: Duration) {
        now += time
    }
}

/// A message of a few bytes, `s/NAME`.
func message(_ name: String, qos: QoS = .exactlyOnce, size: Int = 2) -> OutboxMessage {
    OutboxMessage(
        qos: qos, topic: Array("t".utf8), label: "s/\(name)",
        properties: MessageProperties(
            userProperties: [UserProperty("stream", "s"), UserProperty("seq", name)]),
        payload: [UInt8](repeating: 0x30, count: size))
}

func number(_ value: UInt64) -> MessageNumber { MessageNumber(rawValue: value) }

func publish(_ message: OutboxMessage, _ id: PacketID, dup: Bool = false) -> ClientEffect {
    .publish(message, PublishHead(qos: message.qos, duplicate: dup, id: id))
}

/// A PUBLISH from the server, as bytes.
func publishBytes(
    _ id: PacketID?, qos: QoS = .exactlyOnce, dup: Bool = false, topic: String = "t",
    payload: String = "p", version: ProtocolVersion = .v5, alias: UInt16? = nil,
    properties: MessageProperties = MessageProperties()
) -> [UInt8] {
    let head = PublishHead(qos: qos, duplicate: dup, id: id, topicAlias: alias)
    let forwardable = bytes(properties.forwardableCount) { properties.encode(into: &$0) }
    let encoder = PublishEncoder(
        head, version, topicCount: topic.utf8.count,
        forwardableCount: version == .v5 ? forwardable.count : 0,
        payloadCount: payload.utf8.count)
    return bytes(encoder.encodedSize) { output in
        if version == .v5 {
            encoder.encode(
                topic: topic.utf8.span, forwardable: forwardable.span, into: &output)
        } else {
            encoder.encode(topic: topic.utf8.span, into: &output)
        }
    } + Array(payload.utf8)
}

func bytes(_ size: Int, _ write: (inout OutputRawSpan) -> Void) -> [UInt8] {
    [UInt8](capacity: size) { output in
        output.withUnsafeMutableBufferPointer { buffer, initializedCount in
            let memory = UnsafeMutableRawBufferPointer(buffer)
            var raw = OutputRawSpan(buffer: memory, initializedCount: 0)
            write(&raw)
            initializedCount = raw.finalize(for: memory)
        }
    }
}

extension Array<ClientEffect> {
    /// The receipts of the messages and releases that were handed to the application.
    var receipts: [Receipt] {
        compactMap { effect in
            switch effect {
            case .offer(let message): message.receipt
            case .release(let receipt): receipt
            default: nil
            }
        }
    }

    var isViolation: Bool {
        contains { if case .tell(.violated) = $0 { true } else { false } }
            && contains(.close(flushing: true))
    }
}
