// SPDX-License-Identifier: Apache-2.0
//
// One reading, made from the payload of a PUBLISH or refused with a reason. Strict, for what is
// stored wrongly is worse than what is set aside; and exact, for a stored number must equal the sent.

///     {"stream":"plc-line1","seq":1042,"ts":"2026-11-23T18:40:00.123Z",
///      "temperature":24.71,"pressure":1.42}
struct Reading: Equatable {
    let message: MessageID
    /// As sent.
    let ts: String
    let temperature: Double
    let pressure: Double
    /// The further fields as a JSON object, in their order, each value as sent; nil if there are none.
    let fields: String?

    static let fieldLimit = 256
    static let streamBytesMax = 256

    init(parsing payload: Span<UInt8>) throws(PayloadError) {
        let members = try Self.members(of: payload)
        var known = KnownFields()
        var further: [UInt8] = []
        for member in members where !known.take(member) {
            further.append(further.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
            further.append(contentsOf: JSONText.literal(member.name).utf8)
            further.append(UInt8(ascii: ":"))
            JSONDecoding.append(member.value, in: payload, to: &further)
        }
        let stream = try known.stream.text("stream", in: payload, bytesMax: Self.streamBytesMax)
        guard !stream.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
            throw .controlCharacter(field: "stream")
        }
        message = MessageID(stream: stream, seq: try known.seq.sequenceNumber("seq", in: payload))
        ts = try known.ts.text("ts", in: payload, bytesMax: 64)
        guard Timestamp.isValid(ts.utf8Span.span) else {
            throw .wrongType(field: "ts", expected: "a date and time by ISO 8601")
        }
        temperature = try known.temperature.number("temperature", in: payload)
        pressure = try known.pressure.number("pressure", in: payload)
        if further.isEmpty {
            fields = nil
        } else {
            further.append(UInt8(ascii: "}"))
            fields = String(decoding: further, as: UTF8.self)
        }
    }

    private static func members(of payload: Span<UInt8>) throws(PayloadError) -> [Member] {
        guard !payload.isEmpty else {
            throw .empty
        }
        do {
            _ = try UTF8Span(validating: payload)
        } catch {
            throw .notUTF8(offset: error.byteOffsets.lowerBound)
        }
        var scanner = JSONScanner()
        var members: [Member] = []
        try scanner.members(in: payload) { name, value throws(PayloadError) in
            let member = Member(name: JSONDecoding.text(name, in: payload), value: value)
            guard !members.contains(where: { $0.name == member.name }) else {
                throw .repeatedField(member.name)
            }
            guard members.count < fieldLimit else {
                throw .tooManyFields(limit: fieldLimit)
            }
            members.append(member)
        }
        guard scanner.isAtEnd(of: payload) else {
            throw scanner.failure(expected: "nothing after the object", in: payload)
        }
        return members
    }
}

private struct Member {
    let name: String
    let value: JSONValue
}

/// The fields that have a column of their own.
private struct KnownFields {
    private(set) var stream: JSONValue?
    private(set) var seq: JSONValue?
    private(set) var ts: JSONValue?
    private(set) var temperature: JSONValue?
    private(set) var pressure: JSONValue?

    /// False if it is none of them.
    mutating func take(_ member: Member) -> Bool {
        switch member.name {
        case "stream": stream = member.value
        case "seq": seq = member.value
        case "ts": ts = member.value
        case "temperature": temperature = member.value
        case "pressure": pressure = member.value
        default: return false
        }
        return true
    }
}

extension JSONValue? {
    fileprivate func text(
        _ field: String, in payload: Span<UInt8>, bytesMax: Int
    ) throws(PayloadError) -> String {
        guard let value = self else {
            throw .missingField(field)
        }
        guard case .string = value.kind else {
            throw .wrongType(field: field, expected: "a text")
        }
        let text = JSONDecoding.text(value, in: payload)
        guard !text.isEmpty else {
            throw .emptyText(field: field)
        }
        guard text.utf8.count <= bytesMax else {
            throw .tooLong(field: field, limit: bytesMax)
        }
        return text
    }

    fileprivate func number(
        _ field: String, in payload: Span<UInt8>
    ) throws(PayloadError) -> Double {
        guard let value = self else {
            throw .missingField(field)
        }
        guard value.kind == .number else {
            throw .wrongType(field: field, expected: "a number")
        }
        guard let number = JSONDecoding.double(value, in: payload) else {
            throw .outOfRange(field: field, allowed: "the range of a 64-bit float")
        }
        return number
    }

    fileprivate func sequenceNumber(
        _ field: String, in payload: Span<UInt8>
    ) throws(PayloadError) -> Int64 {
        guard let value = self else {
            throw .missingField(field)
        }
        let text = JSONDecoding.string(value.range, in: payload)
        guard value.kind == .number, !text.utf8.contains(where: isFractionMark) else {
            throw .wrongType(field: field, expected: "a whole number")
        }
        guard let number = Int64(text), text.utf8.first != UInt8(ascii: "-") else {
            throw .outOfRange(field: field, allowed: "0…9223372036854775807")
        }
        return number
    }

    /// A whole number has none, be its value whole or not.
    private func isFractionMark(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
    }
}
