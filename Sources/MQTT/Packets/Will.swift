// SPDX-License-Identifier: Apache-2.0
//
// The will in a received CONNECT: the message that the server publishes when the client is gone.

/// [MQTT 5.0, 3.1.3.2 to 3.1.3.4]
public struct Will: Hashable, Sendable {
    public let qos: QoS
    public let retain: Bool
    public let topic: Range<Int>
    public let payload: Range<Int>
    public let properties: PublishProperties

    /// In seconds.
    public var delay: UInt32 { properties.willDelay }

    /// Starts behind the client identifier. [MQTT-3.1.2-9]
    init(
        _ bytes: Span<UInt8>, _ cursor: inout ByteCursor, _ flags: ConnectFlags,
        _ version: ProtocolVersion
    ) throws(DecodeError) {
        qos = flags.willQoS
        retain = flags.willRetain
        properties =
            version == .v5
            ? try PublishProperties(bytes, &cursor, .will, from: .client) : .none
        topic = try cursor.string(in: bytes)  // [MQTT-3.1.3-11]
        try TopicName.validate(bytes, topic)
        payload = try cursor.binary(in: bytes)
    }
}
