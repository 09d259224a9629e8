// SPDX-License-Identifier: Apache-2.0
//
// Writing property blocks. A value that is nil is left out, so that the peer takes its default.

/// Something that has properties to write.
protocol PropertyWriting {
    func writeProperties<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink)
}

extension PropertyWriting {
    /// The size of all entries, without the length in front of them.
    var propertiesSize: Int {
        var counter = ByteCounter()
        writeProperties(to: &counter)
        return counter.count
    }
}

extension ByteSink where Self: ~Copyable & ~Escapable {
    /// The length and the entries. [MQTT-2.2.2-1]
    mutating func append(propertiesOf source: some PropertyWriting) {
        append(variable: source.propertiesSize)
        source.writeProperties(to: &self)
    }

    mutating func append(_ id: PropertyID, flag: Bool?) {
        guard let flag else { return }
        append(id.rawValue)
        append(flag ? 1 : 0)
    }

    mutating func append(_ id: PropertyID, twoBytes value: UInt16?) {
        guard let value else { return }
        append(id.rawValue)
        append(twoBytes: value)
    }

    mutating func append(_ id: PropertyID, fourBytes value: UInt32?) {
        guard let value else { return }
        append(id.rawValue)
        append(fourBytes: value)
    }

    mutating func append(_ id: PropertyID, variable value: UInt32?) {
        guard let value else { return }
        append(id.rawValue)
        append(variable: Int(value))
    }

    mutating func append(_ id: PropertyID, string: String?) {
        guard let string else { return }
        append(id.rawValue)
        append(string: string)
    }

    mutating func append(_ id: PropertyID, binary bytes: [UInt8]?) {
        guard let bytes else { return }
        append(id.rawValue)
        append(binary: bytes)
    }

    mutating func append(_ userProperties: [UserProperty]) {
        for property in userProperties {
            append(PropertyID.userProperty.rawValue)
            append(string: property.name)
            append(string: property.value)
        }
    }
}
