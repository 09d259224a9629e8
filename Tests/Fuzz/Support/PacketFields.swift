// SPDX-License-Identifier: Apache-2.0
//
// Everything that a decoded packet says, as named fields whose names are those of the standard: for
// comparing two packets that lie in different bytes, and for comparing two decoders. Texts and binary
// data are bytes here; what a packet leaves out stands with its default where the decoder has one.
import MQTT

/// One value of a packet.
indirect enum PacketField: Equatable {
    case number(UInt64)
    case flag(Bool)
    case bytes([UInt8])
    case list([PacketField])

    /// As JSON: bytes in hex.
    var json: String {
        switch self {
        case .number(let number): "\(number)"
        case .flag(let flag): "\(flag)"
        case .bytes(let bytes): "\"\(bytes.hex)\""
        case .list(let list): "[\(list.map(\.json).joined(separator: ","))]"
        }
    }
}

/// The fields of a packet by name.
struct PacketFields: Equatable {
    private(set) var fields: [String: PacketField] = [:]

    /// As a JSON object whose keys are sorted.
    var json: String {
        let pairs = fields.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value.json)" }
        return "{\(pairs.joined(separator: ","))}"
    }

    /// The names under which the other one says something else.
    func differences(from other: PacketFields) -> String {
        Set(fields.keys).union(other.fields.keys).sorted()
            .filter { fields[$0] != other.fields[$0] }
            .map { name in
                let pair = [fields[name], other.fields[name]].map { $0?.json ?? "nothing" }
                return "\(name): \(pair[0]) and \(pair[1])"
            }
            .joined(separator: ", ")
    }
}

/// Collects the fields of one packet from the bytes in which it lies.
struct PacketFieldReader {
    let wire: [UInt8]
    private(set) var result = PacketFields()

    init(_ wire: [UInt8]) { self.wire = wire }

    mutating func set(_ name: String, _ field: PacketField?) {
        guard let field else { return }
        let isNew = result.fields(adding: field, name)
        precondition(isNew, "\(name) twice")
    }

    mutating func set(_ name: String, number: (some BinaryInteger)?) {
        set(name, number.map { .number(UInt64($0)) })
    }

    mutating func set(_ name: String, _ flag: Bool?) {
        set(name, flag.map { .flag($0) })
    }

    mutating func set(_ name: String, _ range: Range<Int>?) {
        set(name, range.map { .bytes(Array(wire[$0])) })
    }

    /// Those that come as often as they like.
    mutating func setRepeated(_ properties: Properties, _ prefix: String = "") {
        var users: [PacketField] = []
        var identifiers: [PacketField] = []
        var walk = properties.makeIterator()
        while let property = walk.next(in: wire.span) {
            switch property.id {
            case .userProperty:
                users.append(
                    .list([.bytes(Array(wire[property.name])), .bytes(Array(wire[property.value]))])
                )
            case .subscriptionIdentifier: identifiers.append(.number(UInt64(property.number)))
            default: continue
            }
        }
        if !users.isEmpty { set(prefix + "userProperties", .list(users)) }
        if !identifiers.isEmpty { set(prefix + "subscriptionIdentifiers", .list(identifiers)) }
    }
}

extension PacketFields {
    /// False if the name is taken.
    fileprivate mutating func fields(adding field: PacketField, _ name: String) -> Bool {
        guard fields[name] == nil else { return false }
        fields[name] = field
        return true
    }
}
