// SPDX-License-Identifier: Apache-2.0
//
// Writes SUBSCRIBE.

/// [MQTT 5.0, 3.8]
public struct SubscribeEncoder: PacketEncoder {
    /// One filter and how it is wanted. For MQTT 3.1.1 only the QoS of the options is written.
    public struct Request: Hashable, Sendable {
        public var filter: String
        public var options: SubscriptionOptions

        public init(_ filter: String, _ options: SubscriptionOptions) {
            self.filter = filter
            self.options = options
        }
    }

    public let version: ProtocolVersion
    public let id: PacketID
    public var requests: [Request]
    public var subscriptionIdentifier: UInt32?
    public var userProperties: [UserProperty] = []

    public init(_ version: ProtocolVersion, _ id: PacketID, _ requests: [Request]) {
        precondition(!requests.isEmpty, "SUBSCRIBE without a filter")  // [MQTT-3.8.3-2]
        self.version = version
        self.id = id
        self.requests = requests
    }

    public var kind: PacketKind { .subscribe }

    public func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(twoBytes: id.rawValue)
        if version == .v5 { sink.append(propertiesOf: self) }
        for request in requests {
            sink.append(string: request.filter)
            switch version {
            case .v311: sink.append(request.options.maximumQoS.rawValue)
            case .v5: sink.append(request.options.byte)
            }
        }
    }
}

extension SubscribeEncoder: PropertyWriting {
    func writeProperties<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(.subscriptionIdentifier, variable: subscriptionIdentifier)
        sink.append(userProperties)
    }
}
