// SPDX-License-Identifier: Apache-2.0
//
// What must hold behind every step: nothing has left before the facts in front of it were durable,
// replay tells the same story as the living state, and every message is held by somebody.
import Journal
import MQTT

@testable import BrokerCore

extension BrokerHarness {
    /// Bytes that leave for a client.
    func leave(_ bytes: [UInt8], on id: ConnectionID) throws(Breach) {
        let version = engine.broker.connections[id.index].version
        trace("    \(id.place) gets \(bytes.hex)")
        var judge = links[id]!.judge
        var start = links[id]!.written - judge.restCount
        let clearedTo = links[id]!.clearedTo
        links[id]!.written += bytes.count
        try judge.received(bytes, version) { (packet, header, wire) throws(Breach) in
            if !engine.isSettled, start >= clearedTo { try judgeGate(packet, header.kind, id) }
            start += header.end
            try onPacket(id, packet, Array(wire[..<header.end]))
        }
        links[id]!.judge = judge
    }

    /// A packet leaves while there are facts that are not durable.
    private func judgeGate(
        _ packet: AnyPacket, _ kind: PacketKind, _ id: ConnectionID
    ) throws(Breach) {
        switch packet {
        case .ping: return
        case .publish(let publish) where publish.qos == .atMostOnce: return
        default: break
        }
        // A session that ends with its connection waits for no facts but those of its own event.
        try require(
            !wasDirty || !isDurable(id), "\(kind) left while older facts were not durable")
        guard isSingle, hasNewFacts else { return }
        let promises =
            switch packet {
            case .connack(let connack): !connack.reason.isFailure
            case .acknowledgement(let answer): !answer.reason.isFailure
            case .suback, .unsuback: true
            case .publish: isDurable(id)
            default: false
            }
        try require(!promises, "\(kind) left before the facts that it follows from were durable")
    }

    /// It speaks for a session that outlives it.
    private func isDurable(_ id: ConnectionID) -> Bool {
        let session = engine.broker.connections[id.index].session
        return engine.broker.state.contains(session)
            && engine.broker.state[session].connection == id
            && engine.broker.state[session].isJournalled
    }

    func judgeState() throws(Breach) {
        if mirrored < home.durableCount { isCompared = false }
        while mirrored < home.durableCount {
            let batch = home.batches[mirrored]
            trace("    on disk \(batch.hex)")
            do throws(RecordError) {
                try mirror.batch(batch.span)
            } catch {
                throw Breach("a batch of ours cannot be replayed: \(error)")
            }
            mirrored += 1
        }
        if engine.isSettled, !isCompared {
            isCompared = true
            let live = engine.broker.state.durableDescription()
            let replayed = mirror.state.durableDescription()
            try require(
                live == replayed,
                "replay tells another story\nlive: \(live)\nreplay: \(replayed)")
        }
        try judgeMessages()
    }

    private func judgeMessages() throws(Breach) {
        let count = engine.broker.state.messages.count
        try require(
            engine.broker.state.messages.blocksInUse == count, "a block without a message")
        try require(
            engine.broker.state.waitingCount == engine.broker.state.waitingDeliveries(),
            "waiting deliveries are miscounted")
        let isWriting = openLinks.contains {
            engine.performer.outlets[$0.index].output.pendingBytes > 0
        }
        guard !isWriting else { return }
        let needed = engine.broker.state.referencedMessages().count
        try require(count == needed, "\(count) messages are kept, \(needed) are needed")
    }
}

extension BrokerHarness {
    /// Everybody leaves, time passes, and what is retained is taken back: then nothing is left.
    func judgeEnd() throws(Breach) {
        isCompared = false
        try commitAll()
        try judgeCheckpoint()
        for id in openLinks { try lose(id) }
        try pass(.seconds(400 * 86_400))
        try setStoreFull(false)
        try takeBackRetained()
        let status = engine.broker.status
        let nothing = Broker.Status(
            connections: 0, sessions: 0, queued: 0, inFlight: 0, subscriptions: 0, retained: 0,
            messages: 0)
        try require(status == nothing, "when all have gone, there is still \(status)")
        try require(engine.broker.state.messages.blocksInUse == 0, "a block is left")
    }

    private func takeBackRetained() throws(Breach) {
        let topics = engine.broker.state.retainedTopics()
        guard !topics.isEmpty else { return }
        engine.broker.limits = Limits()
        let id = try open()
        let connect = ConnectEncoder(.v311, clientID: ClientID("cleaner"), cleanStart: true)
        try send(connect.encoded(), on: id)
        for topic in topics {
            let head = PublishHead(qos: .atMostOnce, retain: true)
            try send(publishBytes(.v311, head, topic, []), on: id)
        }
        try send(DisconnectEncoder(.v311).encoded(), on: id)
        try lose(id)
    }

    /// This state as a checkpoint tells it.
    private func judgeCheckpoint() throws(Breach) {
        let checkpoint = LoggedHome()
        var journal = Journal(home: checkpoint)
        engine.broker.state.write(into: &journal)
        journal.submit()
        var replay = Replay(seed: 8)
        do throws(RecordError) {
            for batch in checkpoint.batches { try replay.batch(batch.span) }
        } catch {
            throw Breach("a checkpoint of ours cannot be read: \(error)")
        }
        try require(
            replay.state.durableDescription() == engine.broker.state.durableDescription(),
            "the checkpoint tells another story")
    }
}

extension State {
    /// Every message that somebody needs.
    borrowing func referencedMessages() -> Set<MessageID> {
        var found: Set<MessageID> = []
        retained.forEach { found.insert($0) }
        for place in 0..<sessions.bound where sessions.contains(place) {
            let id = SessionID(place: UInt32(place))
            for packet in self[id].inbound.ids {
                found.insert(self[id].inbound.held(for: packet)!)
            }
            for open in self[id].outbound.inOrder { found.insert(open.flight.held.message) }
            self[id].waiting.forEach { found.insert($0.message) }
            if let will = self[id].will { found.insert(will.message) }
        }
        return found
    }

    borrowing func waitingDeliveries() -> Int {
        var count = 0
        for place in 0..<sessions.bound where sessions.contains(place) {
            count += self[SessionID(place: UInt32(place))].waiting.count
        }
        return count
    }

    borrowing func retainedTopics() -> [[UInt8]] {
        var topics: [[UInt8]] = []
        retained.forEach { message in
            let topic = messages[message].topic
            topics.append(topic.indices.map { topic[$0] })
        }
        return topics
    }
}
