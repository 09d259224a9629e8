// SPDX-License-Identifier: Apache-2.0
// PUBLISH to a receiver, encoded into its outlet from where the message lies.
import Journal
import MQTT

extension Performer {
    /// Payloads from here on are not copied into the output but gathered from the store: below,
    /// a copy is cheaper than two more pieces for the kernel.
    private static var gatheredPayload: Int { 8192 }

    mutating func deliver(
        _ delivery: Delivery, _ packet: PacketID?, isRepeat: Bool, to id: ConnectionID,
        from broker: inout Broker
    ) {
        traceDelivery(delivery, packet, isRepeat, id, broker)
        let head = PublishHead(
            qos: delivery.qos, duplicate: isRepeat, retain: delivery.retain, id: packet)
        let topicCount = Int(broker.state.messages[delivery.message].topicCount)
        if broker.connections[id.index].version == .v5 {
            deliver(delivery, head, topicCount, to: id, from: &broker)
        } else {
            send(head, .v311, delivery.message, topicCount, Span(), to: id, from: &broker)
        }
    }

    /// Only MQTT 5.0 has a place for the rest of what may be said.
    @inline(never)
    private mutating func deliver(
        _ delivery: Delivery, _ head: PublishHead, _ topicCount: Int, to id: ConnectionID,
        from broker: inout Broker
    ) {
        var head = head
        let identifiers = broker.state.identifierLists.list(delivery.identifiers)
        let alias = alias(of: delivery, to: id, broker)
        head.messageExpiry = remainingExpiry(of: delivery.message, broker)
        head.topicAlias = alias?.number
        let isKnown = alias?.isKnown == true
        send(
            head, .v5, delivery.message, isKnown ? 0 : topicCount, identifiers.span, to: id,
            from: &broker)
    }

    /// PUBLISH; `topicCount` is 0 where an alias says it all.
    @inline(__always)
    private mutating func send(
        _ head: PublishHead, _ version: ProtocolVersion, _ message: MessageID, _ topicCount: Int,
        _ identifiers: Span<UInt32>, to id: ConnectionID, from broker: inout Broker
    ) {
        let sizes = broker.state.messages[message].sizes
        let encoder = PublishEncoder(
            head, version, topicCount: topicCount, subscriptionIdentifiers: identifiers,
            forwardableCount: sizes.properties, payloadCount: sizes.payload)
        broker.count {
            $0.sentPackets[.publish] += 1
            $0.payloadBytesSent += UInt64(sizes.payload)
        }
        list(id)
        let isGathered = sizes.payload >= Self.gatheredPayload
        let size = isGathered ? encoder.encodedSize : encoder.packetSize
        let gate = gate(of: message, head.qos, to: id, broker)
        outlets[id.index].output.append(
            atMost: size, behind: gate, durable: journal.durable
        ) { out in
            broker.state.messages[message].append(
                to: &out, encoder, topicCount, identifiers, withPayload: !isGathered)
        }
        if isGathered { attachPayload(of: message, to: id, from: &broker) }
        noteCongestion(of: id, &broker)
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

    /// What goes from QoS 0 to QoS 0 promises nothing and waits for nothing. A message that the journal
    /// has may have waited here while its release is on its way to the disk.
    @inline(__always)
    private func gate(
        of message: MessageID, _ qos: QoS, to id: ConnectionID, _ broker: borrowing Broker
    ) -> Gate {
        let isPromise = qos > .atMostOnce || broker.state.messages[message].qos > .atMostOnce
        guard isPromise, follows(id) || broker.state.messages[message].isJournalled else {
            return .none
        }
        return journal.tail
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

    @inline(__always)
    private mutating func noteCongestion(of id: ConnectionID, _ broker: inout Broker) {
        if outlets[id.index].output.pendingBytes > broker.limits.outputBytesMax {
            congested(id, &broker)
        }
    }

    @inline(never)
    private mutating func congested(_ id: ConnectionID, _ broker: inout Broker) {
        guard !outlets[id.index].isCongested else { return }
        outlets[id.index].isCongested = true
        broker.congested(id)
    }
}

extension Message {
    @inline(__always)
    fileprivate borrowing func append(
        to out: inout OutputRawSpan, _ encoder: PublishEncoder, _ topicCount: Int,
        _ identifiers: Span<UInt32>, withPayload: Bool
    ) {
        encoder.encode(
            topic: topic.extracting(first: topicCount), subscriptionIdentifiers: identifiers,
            forwardable: properties, into: &out)
        if withPayload { out.append(payload) }
    }
}
