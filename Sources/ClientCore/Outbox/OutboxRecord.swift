// SPDX-License-Identifier: Apache-2.0
//
// Outbox facts as records of a journal, and the way back. Numbers of kinds are written down here and
// never used for anything else; all integers are little-endian.
//
//     enqueued       number 8, QoS 1, topic 2+n, label 2+n, properties 4+n, payload: the rest
//     sent           number 8, packet identifier 2
//     acknowledged   packet identifier 2
//     completed      packet identifier 2, reason code 1
//     returned       packet identifier 2, reason code 1
//     removed        number 8, why 1
//     sessionLost    nothing
import Journal
import MQTT

package enum OutboxRecordKind: UInt16, CaseIterable, Sendable {
    case enqueued = 1
    case sent = 2
    case acknowledged = 3
    case completed = 4
    case returned = 5
    case removed = 6
    case sessionLost = 7
}

package enum OutboxReplayError: Error, Equatable {
    case record(RecordError)
    /// The content is not what its kind has.
    case malformed(OutboxRecordKind, at: Int)
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
        }
    }

    /// How much room `write` needs at most.
    var recordSizeMax: Int {
        guard case .enqueued(_, let message) = self else { return 16 }
        return 32 + message.topic.count + message.label.utf8.count + message.properties.count
            + message.payload.count
    }

    func write(to output: inout OutputRawSpan) {
        switch self {
        case .enqueued(let number, let message):
            output.append(littleEndian: number.rawValue)
            output.append(littleEndian: message.qos.rawValue)
            output.append(littleEndian: UInt16(message.topic.count))
            output.append(message.topic.span)
            output.append(littleEndian: UInt16(message.label.utf8.count))
            output.append(message.label.utf8.span)
            output.append(littleEndian: UInt32(message.properties.count))
            output.append(message.properties.span)
            output.append(message.payload.span)
        case .sent(let number, let id):
            output.append(littleEndian: number.rawValue)
            output.append(littleEndian: id.rawValue)
        case .acknowledged(let id):
            output.append(littleEndian: id.rawValue)
        case .completed(let id, let reason), .returned(let id, let reason):
            output.append(littleEndian: id.rawValue)
            output.append(littleEndian: reason.rawValue)
        case .removed(let number, let why):
            output.append(littleEndian: number.rawValue)
            output.append(littleEndian: why.rawValue)
        case .sessionLost:
            break
        }
    }

    /// Nil where the content is not what the kind has.
    init?(_ kind: OutboxRecordKind, _ bytes: Span<UInt8>, _ content: Range<Int>) {
        var reader = RecordReader(content)
        switch kind {
        case .enqueued:
            guard let number = reader.number(in: bytes),
                let message = OutboxMessage(bytes, &reader)
            else { return nil }
            self = .enqueued(number, message)
        case .sent:
            guard let number = reader.number(in: bytes), let id = reader.packetID(in: bytes)
            else { return nil }
            self = .sent(number, id)
        case .acknowledged:
            guard let id = reader.packetID(in: bytes) else { return nil }
            self = .acknowledged(id)
        case .completed, .returned:
            guard let id = reader.packetID(in: bytes), let reason = reader.byte(in: bytes)
            else { return nil }
            self =
                kind == .completed
                ? .completed(id, ReasonCode(reason)) : .returned(id, ReasonCode(reason))
        case .removed:
            guard let number = reader.number(in: bytes), let byte = reader.byte(in: bytes),
                let why = Removal(rawValue: byte)
            else { return nil }
            self = .removed(number, why)
        case .sessionLost:
            self = .sessionLost
        }
        guard reader.isAtEnd else { return nil }
    }
}

extension Outbox {
    /// Applies the records of one batch, or of several behind one another.
    package mutating func replay(_ bytes: Span<UInt8>) throws(OutboxReplayError) {
        var at = 0
        while let record = try Self.record(bytes, at: at) {
            guard let kind = OutboxRecordKind(rawValue: record.kind) else {
                throw .record(.unknownKind(record.kind, at: at))
            }
            guard let fact = OutboxFact(kind, bytes, record.content) else {
                throw .malformed(kind, at: at)
            }
            apply(fact)
            at = record.content.upperBound
        }
    }

    private static func record(
        _ bytes: Span<UInt8>, at start: Int
    ) throws(OutboxReplayError) -> Record? {
        do throws(RecordError) {
            return try Record.read(bytes, at: start)
        } catch {
            throw .record(error)
        }
    }
}

extension OutboxMessage {
    fileprivate init?(_ bytes: Span<UInt8>, _ reader: inout RecordReader) {
        guard let byte = reader.byte(in: bytes), let qos = QoS(rawValue: byte),
            let topic = reader.bytes(countOf: 2, in: bytes),
            let label = reader.bytes(countOf: 2, in: bytes),
            let properties = reader.bytes(countOf: 4, in: bytes)
        else { return nil }
        self.init(
            qos: qos, topic: topic, label: String(decoding: label, as: UTF8.self),
            properties: properties, payload: reader.rest(in: bytes))
    }
}

extension OutputRawSpan {
    fileprivate mutating func append<Integer: FixedWidthInteger & BitwiseCopyable>(
        littleEndian value: Integer
    ) {
        unsafe append(value.littleEndian, as: Integer.self)
    }
}
