// SPDX-License-Identifier: Apache-2.0
// PUBLISH to a receiver, encoded into its outlet from where the message lies.
import Journal
import MQTT

extension Performer {
    mutating func deliver(
        _ delivery: Delivery, _ packet: PacketID?, isRepeat: Bool, to id: ConnectionID,
        from broker: inout Broker
    ) {
        traceDelivery(delivery, packet, isRepeat, id, broker)
        let head = PublishHead(
            qos: delivery.qos, duplicate: isRepeat, retain: delivery.retain, id: packet)
        if broker.connections[id.index].version == .v5 {
            deliver(delivery, head, to: id, from: &broker)
        } else {
            send(head, .v311, delivery.message, withTopic: true, Span(), to: id, from: &broker)
        }
    }

    mutating func pass(
        _ packet: PublishPacket, _ bytes: Span<UInt8>, to id: ConnectionID,
        from broker: inout Broker
    ) {
        guard let body = packet.plainBody else { preconditionFailure("PUBLISH is not plain") }
        tracePassing(of: packet, bytes, to: id, broker)
        list(id)
        let pending = outlets[id.index].pass(bytes.extracting(body), durable: journal.durable)
        noteSent(payload: packet.payload.count, pending: pending, to: id, &broker)
    }

    /// Only MQTT 5.0 has a place for the rest of what may be said.
    @inline(never)
    private mutating func deliver(
        _ delivery: Delivery, _ head: PublishHead, to id: ConnectionID, from broker: inout Broker
    ) {
        var head = head
        let identifiers = broker.state.identifierLists.list(delivery.identifiers)
        let alias = alias(of: delivery, to: id, broker)
        head.messageExpiry = remainingExpiry(of: delivery.message, broker)
        head.topicAlias = alias?.number
        let isKnown = alias?.isKnown == true
        send(
            head, .v5, delivery.message, withTopic: !isKnown, identifiers.span, to: id,
            from: &broker)
    }

    /// PUBLISH; without its topic where an alias says it all.
    @inline(__always)
    private mutating func send(
        _ head: PublishHead, _ version: ProtocolVersion, _ id: MessageID, withTopic: Bool,
        _ identifiers: Span<UInt32>, to receiver: ConnectionID, from broker: inout Broker
    ) {
        list(receiver)
        let sent = send(
            head, version, broker.state.messages[id], withTopic: withTopic, identifiers,
            to: receiver)
        if sent.isGathered { attachPayload(of: id, to: receiver, from: &broker) }
        noteSent(payload: sent.payload, pending: sent.pending, to: receiver, &broker)
    }

    @inline(__always)
    private mutating func noteSent(
        payload: Int, pending: Int, to id: ConnectionID, _ broker: inout Broker
    ) {
        broker.count {
            $0.sentPackets[.publish] += 1
            $0.payloadBytesSent += UInt64(payload)
        }
        if pending > share.bytes { congested(id, &broker) }
    }

    /// The payload of the message, whether it is yet to be attached, and what then waits in the outlet.
    @inline(__always)
    private mutating func send(
        _ head: PublishHead, _ version: ProtocolVersion, _ message: borrowing Message,
        withTopic: Bool, _ identifiers: Span<UInt32>, to id: ConnectionID
    ) -> (payload: Int, isGathered: Bool, pending: Int) {
        let sizes = message.sizes
        let topicCount = withTopic ? sizes.topic : 0
        let encoder = PublishEncoder(
            head, version, topicCount: topicCount, subscriptionIdentifiers: identifiers,
            forwardableCount: sizes.properties, payloadCount: sizes.payload)
        let isGathered = sizes.payload >= MessageStore.gatheredPayload
        let pending = outlets[id.index].publish(
            message, encoder, topicCount, identifiers, withPayload: !isGathered, standing)
        return (sizes.payload, isGathered, pending)
    }

    /// The alias that stands for the topic, where the client allows one; it takes more room the
    /// first time, which the client may not have. [MQTT-3.3.2-11]
    private mutating func alias(
        of delivery: Delivery, to id: ConnectionID, _ broker: borrowing Broker
    ) -> OutgoingAliases.Alias? {
        let maximum = broker.connections[id.index].outgoingAliasMax
        guard maximum > 0 else { return nil }
        let topic = unsafe broker.state.messages[delivery.message].topicMemory
        // An alias takes three bytes, and perhaps one more of the length of the properties: what
        // it stands for must be longer, or the packet could become too large by it.
        let hasLimit = broker.connections[id.index].packetSizeMax < .max
        guard topic.count > 3 || !hasLimit else { return nil }
        let mayBeNew = broker.fits(delivery, id, withAlias: true)
        return unsafe outlets[id.index].aliases.alias(
            of: topic.span, atMost: maximum, mayBeNew: mayBeNew, seed: broker.seed)
    }

    private mutating func attachPayload(
        of message: MessageID, to id: ConnectionID, from broker: inout Broker
    ) {
        broker.state.messages.hold(message)
        unsafe outlets[id.index].output.attach(
            broker.state.messages[message].payloadMemory, token: message.place)
    }

    /// Message Expiry as received, less the time waited here. [MQTT-3.3.2-6]
    private func remainingExpiry(
        of message: MessageID, _ broker: borrowing Broker
    ) -> UInt32? {
        let expires = broker.state.messages[message].expires
        guard expires != .distantFuture else { return nil }
        let left = (expires - now).wholeNanoseconds
        return UInt32(clamping: max(0, (left + 999_999_999) / 1_000_000_000))
    }

    @inline(never)
    private mutating func congested(_ id: ConnectionID, _ broker: inout Broker) {
        guard !outlets[id.index].isCongested else { return }
        outlets[id.index].isCongested = true
        broker.congested(id)
    }
}
