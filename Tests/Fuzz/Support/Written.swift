// SPDX-License-Identifier: Apache-2.0
//
// What an encoder writes, in an array of its own.
import MQTT

/// An output that has room for exactly `capacity` bytes.
func written(_ capacity: Int, _ write: (inout OutputRawSpan) -> Void) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        let raw = UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(buffer)[..<capacity])
        var output = OutputRawSpan(buffer: raw, initializedCount: 0)
        write(&output)
        count = output.finalize(for: raw)
    }
}

/// A PUBLISH as a client or server writes it.
func publishBytes(
    _ version: ProtocolVersion, _ head: PublishHead, _ topic: [UInt8], _ payload: [UInt8],
    _ properties: MessageProperties = MessageProperties()
) -> [UInt8] {
    let forwardable = written(properties.forwardableCount) { properties.encode(into: &$0) }
    let encoder = PublishEncoder(
        head, version, topicCount: topic.count, forwardableCount: forwardable.count,
        payloadCount: payload.count)
    return written(encoder.encodedSize) { output in
        encoder.encode(topic: topic.span, forwardable: forwardable.span, into: &output)
    } + payload
}
