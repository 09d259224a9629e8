// SPDX-License-Identifier: Apache-2.0
// Packets as a client writes them, from the words of a test to bytes.
import MQTT

extension QoS {
    /// 0, 1 or 2.
    init(_ number: Int) { self = QoS(rawValue: UInt8(number))! }
}

enum Wire {
    static func publish(
        _ version: ProtocolVersion, _ head: PublishHead, _ topic: String, _ payload: [UInt8],
        _ properties: MessageProperties = MessageProperties()
    ) -> [UInt8] {
        let text = Array(topic.utf8)
        let forwardable = written(properties.forwardableCount) { properties.encode(into: &$0) }
        let encoder = PublishEncoder(
            head, version, topicCount: text.count,
            forwardableCount: version == .v5 ? forwardable.count : 0, payloadCount: payload.count)
        return written(encoder.encodedSize) { output in
            encoder.encode(topic: text.span, forwardable: forwardable.span, into: &output)
        } + payload
    }

    static func ping() -> [UInt8] { [0xC0, 0] }

    /// What is written into an output that has room for exactly `capacity` bytes.
    private static func written(
        _ capacity: Int, _ write: (inout OutputRawSpan) -> Void
    ) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(
                rebasing: UnsafeMutableRawBufferPointer(buffer)[..<capacity])
            var output = OutputRawSpan(buffer: raw, initializedCount: 0)
            write(&output)
            count = output.finalize(for: raw)
        }
    }
}
