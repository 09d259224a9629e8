// SPDX-License-Identifier: Apache-2.0
//
// Outbox facts as records of a journal, and the way back. Numbers of kinds are written down here and
// never used for anything else, also not by the broker, so that neither takes the other's folder for
// its own; all integers are little-endian.
//
//     enqueued       number 8, time 8, QoS 1, topic 2+n, label 2+n, properties 4+n, payload: the rest
//     sent           number 8, packet identifier 2
//     acknowledged   packet identifier 2
//     completed      packet identifier 2, reason code 1, time 8
//     returned       packet identifier 2, reason code 1
//     removed        number 8, why 1
//     sessionLost    nothing
//     sessionBegun   nothing
//     noted          the note
//     numbered       number 8
//     flying         number 8, packet identifier 2, flow 1
//     delivered      number 8, time 8
//     damaged        number 8
//
// Times are nanoseconds since 1970. Reading the records of a journal back is Outbox+Replay's.
import Journal
import MQTT

package enum OutboxRecordKind: UInt16, CaseIterable, Sendable {
    case enqueued = 101
    case sent = 102
    case acknowledged = 103
    case completed = 104
    case returned = 105
    case removed = 106
    case sessionLost = 107
    case sessionBegun = 108
    case noted = 109
    case numbered = 110
    case flying = 111
    case delivered = 112
    case damaged = 113
}

extension OutboxFact {
    var recordKind: OutboxRecordKind {
        switch self {
        case .enqueued: .enqueued
        case .sent: .sent
        case .acknowledged: .acknowledged
        case .completed: .completed
        case .returned: .returned
        case .removed: .removed
        case .sessionLost: .sessionLost
        case .sessionBegun: .sessionBegun
        case .noted: .noted
        case .numbered: .numbered
        case .flying: .flying
        case .delivered: .delivered
        case .damaged: .damaged
        }
    }

    /// How much room `write` needs at most.
    var recordSizeMax: Int {
        switch self {
        case .enqueued(_, let message):
            32 + message.topic.count + message.label.utf8.count + message.properties.count
                + message.payload.count
        case .noted(let note): note.count
        case .sent, .acknowledged, .completed, .returned, .removed, .sessionLost, .sessionBegun,
            .numbered, .flying, .delivered, .damaged:
            16
        }
    }

    func write(to output: inout OutputRawSpan) {
        switch self {
        case .enqueued(let number, let message):
            output.append(littleEndian: number.rawValue)
            message.write(to: &output)
        case .sent(let number, let id):
            output.append(littleEndian: number.rawValue)
            output.append(littleEndian: id.rawValue)
        case .acknowledged(let id):
            output.append(littleEndian: id.rawValue)
        case .completed(let id, let reason, let time):
            output.append(littleEndian: id.rawValue)
            output.append(littleEndian: reason.rawValue)
            output.append(littleEndian: time.nanoseconds)
        case .returned(let id, let reason):
            output.append(littleEndian: id.rawValue)
            output.append(littleEndian: reason.rawValue)
        case .removed(let number, let why):
            output.append(littleEndian: number.rawValue)
            output.append(littleEndian: why.rawValue)
        case .sessionLost, .sessionBegun: break
        case .noted(let note): output.append(note.span)
        case .numbered(let number), .damaged(let number):
            output.append(littleEndian: number.rawValue)
        case .flying(let number, let id, let flow):
            output.append(littleEndian: number.rawValue)
            output.append(littleEndian: id.rawValue)
            output.append(littleEndian: flow.rawValue)
        case .delivered(let number, let time):
            output.append(littleEndian: number.rawValue)
            output.append(littleEndian: time.nanoseconds)
        }
    }

    /// Nil where the content is not what the kind has.
    init?(_ kind: OutboxRecordKind, _ bytes: Span<UInt8>, _ content: Range<Int>) {
        var reader = RecordReader(content)
        guard let fact = OutboxFact(kind, bytes, &reader), reader.isAtEnd else { return nil }
        self = fact
    }

    private init?(_ kind: OutboxRecordKind, _ bytes: Span<UInt8>, _ reader: inout RecordReader) {
        switch kind {
        case .enqueued, .sent, .removed, .numbered, .flying, .delivered, .damaged:
            guard let number = reader.number(in: bytes) else { return nil }
            self.init(kind, of: number, bytes, &reader)
        case .acknowledged, .completed, .returned:
            guard let id = reader.packetID(in: bytes) else { return nil }
            self.init(kind, of: id, bytes, &reader)
        case .sessionLost: self = .sessionLost
        case .sessionBegun: self = .sessionBegun
        case .noted: self = .noted(reader.rest(in: bytes))
        }
    }

    /// Kinds that begin with the number of a message.
    private init?(
        _ kind: OutboxRecordKind, of number: MessageNumber, _ bytes: Span<UInt8>,
        _ reader: inout RecordReader
    ) {
        switch kind {
        case .enqueued:
            guard let message = OutboxMessage(bytes, &reader) else { return nil }
            self = .enqueued(number, message)
        case .sent:
            guard let id = reader.packetID(in: bytes) else { return nil }
            self = .sent(number, id)
        case .removed:
            guard let why = reader.byte(in: bytes).flatMap(Removal.init) else { return nil }
            self = .removed(number, why)
        case .flying:
            guard let id = reader.packetID(in: bytes),
                let flow = reader.byte(in: bytes).flatMap(OutboundFlow.init)
            else { return nil }
            self = .flying(number, id, flow)
        case .delivered:
            guard let time = reader.time(in: bytes) else { return nil }
            self = .delivered(number, at: time)
        case .damaged: self = .damaged(next: number)
        default: self = .numbered(number)
        }
    }

    /// Kinds that begin with a packet identifier.
    private init?(
        _ kind: OutboxRecordKind, of id: PacketID, _ bytes: Span<UInt8>,
        _ reader: inout RecordReader
    ) {
        guard kind != .acknowledged else {
            self = .acknowledged(id)
            return
        }
        guard let byte = reader.byte(in: bytes) else { return nil }
        guard kind == .completed else {
            self = .returned(id, ReasonCode(byte))
            return
        }
        guard let time = reader.time(in: bytes) else { return nil }
        self = .completed(id, ReasonCode(byte), at: time)
    }
}

extension OutboxMessage {
    fileprivate init?(_ bytes: Span<UInt8>, _ reader: inout RecordReader) {
        guard let time = reader.time(in: bytes),
            let qos = reader.byte(in: bytes).flatMap(QoS.init),
            let topic = reader.bytes(countOf: 2, in: bytes),
            let label = reader.bytes(countOf: 2, in: bytes),
            let properties = reader.bytes(countOf: 4, in: bytes)
        else { return nil }
        self.init(
            qos: qos, topic: topic, label: String(decoding: label, as: UTF8.self),
            properties: properties, payload: reader.rest(in: bytes))
        enqueuedAt = time
    }

    fileprivate func write(to output: inout OutputRawSpan) {
        output.append(littleEndian: enqueuedAt.nanoseconds)
        output.append(littleEndian: qos.rawValue)
        output.append(littleEndian: UInt16(topic.count))
        output.append(topic.span)
        output.append(littleEndian: UInt16(label.utf8.count))
        output.append(label.utf8.span)
        output.append(littleEndian: UInt32(properties.count))
        output.append(properties.span)
        output.append(payload.span)
    }
}

extension OutputRawSpan {
    fileprivate mutating func append<Integer: FixedWidthInteger & BitwiseCopyable>(
        littleEndian value: Integer
    ) {
        unsafe append(value.littleEndian, as: Integer.self)
    }
}
