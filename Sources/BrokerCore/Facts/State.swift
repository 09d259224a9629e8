// SPDX-License-Identifier: Apache-2.0
// Everything that a crash must not change, and the one way to change it. The living broker and
// recovery apply the same facts through the same function.
import MQTT

/// Sessions, messages, subscriptions and retained messages.
struct State: ~Copyable {
    var sessions = Slab<Session>()
    var messages: MessageStore
    /// Deliveries in flight to all sessions.
    private(set) var inFlightCount = 0
    /// Waiting deliveries of all sessions, and the bytes of their messages.
    var waitingCount = 0
    var waitingBytes = 0
    /// Of sessions that have ended: nothing but their messages' holders.
    private var leftBehind = ChunkedQueue<Delivery>()
    var identifierLists = IdentifierLists()
    /// Sessions by the hash of their client's identifier.
    private var clients = PlaceTable()
    private let seed: UInt64
    var subscriptions: SubscriptionTree
    var retained: RetainedMessages

    /// `seed` keeps strangers from choosing identifiers, topics and filters that collide.
    init(seed: UInt64, memory: BodyMemory = BodyMemory()) {
        self.seed = seed
        messages = MessageStore(memory: memory)
        subscriptions = SubscriptionTree(seed: seed)
        retained = RetainedMessages(seed: seed)
    }

    subscript(id: SessionID) -> Session {
        @inline(__always)
        unsafeAddress { unsafe UnsafePointer(sessions.pointer(to: id.index)) }
        @inline(__always)
        nonmutating unsafeMutableAddress { unsafe sessions.pointer(to: id.index) }
    }

    func session(of client: ClientID) -> SessionID? {
        let place = clients.find(hash(of: client)) { sessions[$0].client == client }
        return place.map { SessionID(place: UInt32($0)) }
    }

    private func hash(of client: ClientID) -> UInt32 {
        UInt32(truncatingIfNeeded: hashOfBytes(client.bytes.span, seed: seed))
    }

    func contains(_ id: SessionID) -> Bool { sessions.contains(id.index) }

    @_transparent
    mutating func apply(_ fact: Fact, _ details: borrowing Details) {
        switch fact {
        case .stored(let message): messages.noteJournalled(message)
        case .accepted(let message, let id, let packet):
            messages.hold(message)
            self[id].unreleasedBytes += messages[message].bodyCount
            self[id].inbound.store(message, under: packet)
        case .released(let id, let packet, let receivers):
            let message = self[id].inbound.release(packet)
            self[id].unreleasedBytes -= messages[message].bodyCount
            distribute(message, retains: messages[message].retain, details, receivers)
            messages.release(message)
        case .routed(let message, let retains, let receivers):
            distribute(message, retains: retains, details, receivers)
        case .sent(let id, let packet): send(id, packet)
        case .acknowledged(let id, let packet): self[id].outbound.release(packet)
        case .completed(let id, let packet): close(id, packet)
        case .opened, .resumed, .closed, .expiryChanged, .ended, .subscribed, .unsubscribed,
            .sentOnce, .dropped, .retainedExpired, .willForgotten:
            applyRare(fact, details)
        }
    }

    /// What does not come with each message stays out of the way of what does.
    @inline(never)
    private mutating func applyRare(_ fact: Fact, _ details: borrowing Details) {
        switch fact {
        case .opened(let id, let detail): open(id, details.openings[Int(detail)])
        case .resumed(let id, let detail): resume(id, details.openings[Int(detail)])
        case .closed(let id, let at): self[id].closedAt = at
        case .expiryChanged(let id, let expiry): self[id].expiry = expiry
        case .ended(let id): end(id)
        case .subscribed(let id, let detail): subscribe(id, details.filters[Int(detail)])
        case .unsubscribed(let id, let detail): unsubscribe(id, details.filters[Int(detail)].text)
        case .sentOnce(let id), .dropped(let id, _):
            messages.release(takeOldest(id).delivery.message)
        case .retainedExpired(let message): replaceRetained(on: message, with: nil)
        case .willForgotten(let id): forgetWill(id)
        case .stored, .accepted, .released, .routed, .sent, .acknowledged, .completed:
            preconditionFailure("a frequent fact among the rare ones")
        }
    }

    /// It is worth while to sweep.
    var isCrowded: Bool { identifierLists.isCrowded || subscriptions.shared.isCrowded }

    /// Forgets combinations of subscription identifiers, and shares without members, that no
    /// delivery names any more. Numbers that are kept elsewhere are void behind it.
    mutating func sweep() {
        var identifiers: Set<UInt32> = []
        var shares: Set<ShareID> = []
        for place in 0..<sessions.bound where sessions.contains(place) {
            for (_, flight) in sessions[place].outbound.inOrder {
                identifiers.insert(flight.held.identifiers)
                shares.insert(flight.held.share)
            }
            sessions[place].waiting.forEach { delivery in
                identifiers.insert(delivery.identifiers)
                shares.insert(delivery.share)
            }
        }
        identifierLists.keep(only: identifiers)
        subscriptions.forgetShares(exceptUsed: shares)
    }

    private mutating func open(_ id: SessionID, _ opening: Details.Opening) {
        sessions.insert(
            Session(
                client: opening.client, expiry: opening.expiry,
                isJournalled: opening.expiry.outlivesConnection),
            at: id.index)
        self[id].connections = opening.connections
        clients.insert(id.index, hash(of: opening.client))
        setWill(id, opening)
    }

    private mutating func resume(_ id: SessionID, _ opening: Details.Opening) {
        self[id].expiry = opening.expiry
        self[id].connections &+= 1
        self[id].closedAt = nil
        forgetWill(id)
        setWill(id, opening)
    }

    private mutating func end(_ id: SessionID) {
        forgetWill(id)
        var session = sessions.remove(id.index)
        clients.remove(id.index, hash(of: session.client))
        subscriptions.removeAll(session.subscriptions, of: id)
        for packet in session.inbound.ids {
            messages.release(session.inbound.release(packet))
        }
        for (_, flight) in session.outbound.inOrder {
            messages.release(flight.held.message)
        }
        inFlightCount -= session.outbound.count
        waitingCount -= session.waiting.count
        waitingBytes -= session.waitingBytes
        leftBehind.append(session.waiting)
        releaseLeftBehind(atMost: Self.releasedAtOnce)
    }

    /// A million messages take longer to be released than others should wait.
    static var releasedAtOnce: Int { 1024 }

    /// Sessions that have ended held messages that are still to be released.
    var hasLeftBehind: Bool { !leftBehind.isEmpty }

    mutating func releaseLeftBehind(atMost number: Int = .max) {
        for _ in 0..<number {
            guard let delivery = leftBehind.popFirst() else { return }
            messages.release(delivery.message)
        }
    }

    private mutating func subscribe(_ id: SessionID, _ filter: Details.Filter) {
        let subscription = Subscription(
            session: id, options: filter.options, identifier: filter.identifier,
            owesRetained: filter.owesRetained)
        var chain = self[id].subscriptions
        subscriptions.insert(subscription, filter: filter.text.span, in: &chain)
        self[id].subscriptions = chain
    }

    private mutating func unsubscribe(_ id: SessionID, _ text: [UInt8]) {
        var chain = self[id].subscriptions
        subscriptions.remove(session: id, filter: text.span, in: &chain)
        self[id].subscriptions = chain
    }

    @inline(__always)
    private mutating func distribute(
        _ message: MessageID, retains: Bool, _ details: borrowing Details,
        _ receivers: Details.Receivers
    ) {
        messages.hold(message, times: receivers.count)
        let size = messages[message].bodyCount
        for at in receivers.range {
            let receiver = details.receivers[at]
            if let packet = receiver.id {
                inFlightCount += 1
                self[receiver.session].send(receiver.delivery, packet, size)
            } else {
                self[receiver.session].wait(receiver.delivery, size)
                waitingCount += 1
                waitingBytes += size
            }
        }
        if retains { retain(message) }
    }

    /// An empty payload removes the topic's retained message. [MQTT-3.3.1-6], [MQTT-3.3.1-7]
    @inline(never)
    private mutating func retain(_ message: MessageID) {
        let isRemoval = messages[message].payloadCount == 0
        if !isRemoval { messages.hold(message) }
        replaceRetained(on: message, with: isRemoval ? nil : message)
    }

    /// On the topic of `message`, which may be what is replaced.
    private mutating func replaceRetained(on message: MessageID, with new: MessageID?) {
        let topic = unsafe messages[message].topicMemory
        let expires = new.map { messages[$0].expires } ?? .distantFuture
        let before = retained.replace(topic: unsafe topic.span, with: new, expiring: expires)
        if let before { messages.release(before) }
    }

    func isRetained(_ message: MessageID) -> Bool {
        let topic = unsafe messages[message].topicMemory
        return unsafe retained.message(of: topic.span) == message
    }

    @inline(__always)
    private mutating func send(_ id: SessionID, _ packet: PacketID) {
        let (delivery, size) = takeOldest(id)
        self[id].send(delivery, packet, size)
        inFlightCount += 1
    }

    @inline(__always)
    private mutating func close(_ id: SessionID, _ packet: PacketID) {
        let message = self[id].outbound.close(packet).message
        inFlightCount -= 1
        self[id].inFlightBytes -= messages[message].bodyCount
        messages.release(message)
    }

    /// With how many bytes its message has.
    @inline(__always)
    private mutating func takeOldest(_ id: SessionID) -> (delivery: Delivery, size: Int) {
        let delivery = self[id].waiting.removeFirst()
        let size = messages[delivery.message].bodyCount
        self[id].waitingBytes -= size
        waitingBytes -= size
        waitingCount -= 1
        return (delivery, size)
    }

    private mutating func setWill(_ id: SessionID, _ opening: Details.Opening) {
        guard let message = opening.will else { return }
        messages.hold(message)
        self[id].will = PendingWill(
            message: message, delay: opening.willDelay, expiry: opening.willExpiry)
    }

    private mutating func forgetWill(_ id: SessionID) {
        guard let will = self[id].will else { return }
        messages.release(will.message)
        self[id].will = nil
    }
}
