// SPDX-License-Identifier: Apache-2.0
//
// Writes SUBSCRIBE.

/// [MQTT 5.0, 3.8]
package struct SubscribeEncoder: PacketEncoder {
    /// One filter and how it is wanted. For MQTT 3.1.1 only the QoS of the options is written.
    package struct Request: Hashable, Sendable {
        package var filter: String
        package var options: SubscriptionOptions

        package init(_ filter: String, _ options: SubscriptionOptions) {
            self.filter = filter
            self.options = options
        }
    }

    package let version: ProtocolVersion
    package let id: PacketID
    package var requests: [Request]
    package var subscriptionIdentifier: UInt32?
    package var userProperties: [UserProperty] = []

    package init(_ version: ProtocolVersion, _ id: PacketID, _ requests: [Request]) {
        precondition(!requests.isEmpty, "SUBSCRIBE without a filter")  // [MQTT-3.8.3-2]
        self.version = version
        self.id = id
        self.requests = requests
    }

    package var kind: PacketKind { .subscribe }

    package func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
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
