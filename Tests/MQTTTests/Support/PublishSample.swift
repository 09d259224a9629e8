// SPDX-License-Identifier: Apache-2.0
//
// A PUBLISH with everything it can carry, in one value that owns it.

import MQTT

struct PublishSample {
    var version: ProtocolVersion
    var head: PublishHead
    var topic: String
    var subscriptionIdentifiers: [UInt32] = []
    var properties = MessageProperties()
    var payload: [UInt8] = []

    var forwardable: [UInt8] {
        written(properties.forwardableCount) { properties.encode(into: &$0) }
    }

    var encoder: PublishEncoder {
        PublishEncoder(
            head, version, topicCount: topic.utf8.count,
            subscriptionIdentifiers: subscriptionIdentifiers.span,
            forwardableCount: properties.forwardableCount, payloadCount: payload.count)
    }

    func encoded() -> [UInt8] {
        let encoder = encoder
        let topic = Array(topic.utf8)
        let forwardable = forwardable
        return written(encoder.encodedSize) { output in
            encoder.encode(
                topic: topic.span, subscriptionIdentifiers: subscriptionIdentifiers.span,
                forwardable: forwardable.span, into: &output)
        } + payload
    }
}

/// What is written into an output that has room for exactly `capacity` bytes.
func written(_ capacity: Int, _ write: (inout OutputRawSpan) -> Void) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        let raw = UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(buffer)[..<capacity])
        var output = OutputRawSpan(buffer: raw, initializedCount: 0)
        write(&output)
        count = output.finalize(for: raw)
    }
}
