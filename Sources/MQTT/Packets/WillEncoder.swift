// SPDX-License-Identifier: Apache-2.0
//
// The will that a client puts into its CONNECT; written by ConnectEncoder.

/// [MQTT 5.0, 3.1.3.2 to 3.1.3.4]
public struct WillEncoder: Hashable, Sendable {
    public var topic: String
    public var payload: [UInt8]
    public var qos: QoS
    public var retain: Bool
    /// In seconds.
    public var delay: UInt32?
    public var messageExpiry: UInt32?
    public var properties: MessageProperties

    public init(
        topic: String, payload: [UInt8], qos: QoS, retain: Bool = false, delay: UInt32? = nil,
        messageExpiry: UInt32? = nil, properties: MessageProperties = MessageProperties()
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.delay = delay
        self.messageExpiry = messageExpiry
        self.properties = properties
    }
}

extension WillEncoder: PropertyWriting {
    func writeProperties<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(.willDelayInterval, fourBytes: delay)
        sink.append(.messageExpiryInterval, fourBytes: messageExpiry)
        properties.writeProperties(to: &sink)
    }
}
