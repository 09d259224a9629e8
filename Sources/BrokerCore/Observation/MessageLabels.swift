// SPDX-License-Identifier: Apache-2.0
// The name that a publisher gave a message, found in its user properties `stream` and `seq`.
import MQTT

extension Broker {
    package func label(of message: MessageID) -> MessageLabel? {
        let properties = state.messages[message].properties
        return MessageLabel(properties: Properties(block: properties.indices), in: properties)
    }
}

extension MessageLabel {
    /// Reads the user properties of a message; nil unless both `stream` and `seq` are there.
    package init?(properties: Properties, in bytes: Span<UInt8>) {
        guard !properties.isEmpty else { return nil }
        var stream: String?
        var seq: String?
        var entries = properties.makeIterator()
        while let property = entries.next(.userProperty, in: bytes) {
            switch String(copying: bytes.extracting(property.name)) {
            case "stream": stream = String(copying: bytes.extracting(property.value))
            case "seq": seq = String(copying: bytes.extracting(property.value))
            default: continue
            }
        }
        guard let stream, let seq else { return nil }
        text = "\(stream)/\(seq)"
    }
}
