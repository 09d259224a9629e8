// SPDX-License-Identifier: Apache-2.0
// What must hold at the end of every conversation with the engine, whatever it was about: replay
// tells the same story, every message is held by somebody, and nothing is left when all have gone.
import Journal
import MQTT
import Testing

@testable import BrokerCore

/// Plays a conversation, then judges the engine behind it.
func scene(_ limits: Limits = Limits(), _ play: (Scene) throws -> Void) rethrows {
    let scene = Scene(limits)
    try play(scene)
    scene.commitAll()
    scene.expectSound()
    scene.expectEnd()
}

extension Scene {
    func expectSound() {
        expectReplayAgrees()
        expectMessagesHeld()
    }

    private func expectReplayAgrees() {
        do {
            let replayed = try replayed()
            let live = engine.broker.state.durableDescription()
            #expect(replayed.durableDescription() == live)
            #expect(replayed.messages.blocksInUse == replayed.messages.count)
            #expect(replayed.messages.count == replayed.referencedMessages().count)
            #expect(try replayed.rewritten().durableDescription() == live)
            if let records = engine.livingState() {
                #expect(try self.replayed(records).durableDescription() == live)
            }
        } catch {
            Issue.record("the journal cannot be replayed: \(error)")
        }
    }

    /// The state that recovery would begin with.
    func replayed() throws -> State { try replayed(home.batches) }

    private func replayed(_ records: [[UInt8]]) throws -> State {
        var replay = Replay(into: State(seed: 7))
        for batch in records {
            try replay.batch(batch.span)
        }
        return replay.finish()
    }

    private func expectMessagesHeld() {
        #expect(engine.broker.state.messages.blocksInUse == engine.broker.state.messages.count)
        let isWriting = links.keys.contains {
            engine.performer.outlets[$0.index].output.pendingBytes > 0
        }
        if !isWriting {
            let referenced = engine.broker.state.referencedMessages()
            #expect(engine.broker.state.messages.count == referenced.count, "leaked messages")
        }
        #expect(engine.broker.state.waitingCount == engine.broker.state.waitingDeliveries())
        #expect(engine.broker.state.inFlightCount == engine.broker.state.deliveriesInFlight())
    }

    /// Everybody leaves, time passes, and what is retained is taken back.
    func expectEnd() {
        for id in links.keys.sorted(by: { $0.place < $1.place }) {
            lose(id)
        }
        pass(.seconds(400 * 86_400))
        let topics = engine.broker.state.retainedTopics()
        if !topics.isEmpty {
            let cleaner = client("cleaner")
            cleaner.connect()
            for topic in topics {
                cleaner.publish(topic, "", retain: true)
            }
            cleaner.disconnect()
        }
        let status = engine.broker.status
        #expect(
            status
                == Broker.Status(
                    connections: 0, sessions: 0, queued: 0, inFlight: 0, subscriptions: 0,
                    retained: 0, messages: 0))
        #expect(engine.broker.state.messages.blocksInUse == 0)
        let size = engine.stateSize
        #expect(size == 0)
    }
}

extension State {
    /// This state as a checkpoint tells it.
    borrowing func rewritten() throws -> State {
        let home = TestHome()
        var journal = Journal(home: home)
        write(into: &journal)
        journal.submit()
        var replay = Replay(into: State(seed: 8))
        for batch in home.batches {
            try replay.batch(batch.span)
        }
        return replay.finish()
    }

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

    borrowing func deliveriesInFlight() -> Int {
        var count = 0
        for place in 0..<sessions.bound where sessions.contains(place) {
            count += self[SessionID(place: UInt32(place))].outbound.count
        }
        return count
    }

    borrowing func retainedTopics() -> [String] {
        var topics: [String] = []
        retained.forEach { topics.append(String(copying: messages[$0].topic)) }
        return topics.sorted()
    }
}
