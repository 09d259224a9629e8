// SPDX-License-Identifier: Apache-2.0
//
// One message that waits to be published, as it will stand in the PUBLISH, and the number by which
// the outbox knows it.
import MQTT

/// Ascending in the order in which messages were put in; never used twice.
package struct MessageNumber: RawRepresentable, Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package var next: MessageNumber { MessageNumber(rawValue: rawValue + 1) }

    package static func < (left: MessageNumber, right: MessageNumber) -> Bool {
        left.rawValue < right.rawValue
    }
}

package struct OutboxMessage: Equatable, Sendable {
    package var qos: QoS
    package var topic: [UInt8]
    /// `stream/seq`, by which log lines name it.
    package var label: String
    /// As a PUBLISH of MQTT 5.0 has them; MQTT 3.1.1 has none.
    package var properties: [UInt8]
    package var payload: [UInt8]
    /// When it was put into the outbox.
    package var enqueuedAt = Instant(nanoseconds: 0)

    package init(
        qos: QoS, topic: [UInt8], label: String, properties: MessageProperties, payload: [UInt8]
    ) {
        self.init(
            qos: qos, topic: topic, label: label, properties: properties.bytes, payload: payload)
    }

    init(qos: QoS, topic: [UInt8], label: String, properties: [UInt8], payload: [UInt8]) {
        self.qos = qos
        self.topic = topic
        self.label = label
        self.properties = properties
        self.payload = payload
    }

    /// The PUBLISH up to its payload.
    func encoder(_ head: PublishHead, _ version: ProtocolVersion) -> PublishEncoder {
        PublishEncoder(
            head, version, topicCount: topic.count,
            forwardableCount: version == .v5 ? properties.count : 0, payloadCount: payload.count)
    }
}

extension MessageProperties {
    fileprivate var bytes: [UInt8] {
        let size = forwardableCount
        return [UInt8](capacity: size) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                let memory = UnsafeMutableRawBufferPointer(buffer)
                var raw = unsafe OutputRawSpan(buffer: memory, initializedCount: 0)
                encode(into: &raw)
                initializedCount = unsafe raw.finalize(for: memory)
            }
        }
    }
}
