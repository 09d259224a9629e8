// SPDX-License-Identifier: Apache-2.0
// How an engine begins where another ended: what the journal held becomes its state, and then
// everything that the end of the process meant for its clients is decided.
import Journal
import MQTT

extension Engine {
    /// An engine that goes on with what was replayed; `home` is where the journal goes on.
    package init(
        limits: Limits, home: any Journal.Home, seed: UInt64, from replay: consuming Replay
    ) {
        self.init(limits: limits, home: home, seed: seed)
        broker.state = replay.finish()
    }

    /// Call it once, before the first connection.
    package mutating func recovered(at now: Instant) {
        performer.now = now
        broker.recovered(at: now, into: &performer)
        eventEnded()
        turnEnded(at: now)
    }

    /// The store has no room for more messages, or has some again. Call it once a turn: it asks
    /// after the memory too.
    package mutating func storeIsFull(_ isFull: Bool, at now: Instant) {
        let hadNoRoom = broker.storeIsFull || broker.waitsForMemory
        broker.storeIsFull = isFull
        guard hadNoRoom, !isFull, !broker.memoryIsFull else { return }
        broker.waitsForMemory = false
        performer.now = now
        broker.resumePaused(into: &performer)
        eventEnded()
        turnEnded(at: now)
    }

    /// Bytes that a checkpoint of the state would take, about.
    package var stateSize: Int { broker.state.writtenSize }

    /// Nobody waits long while it is written down.
    package var stateIsSmall: Bool { broker.state.isSmall }

    /// What a checkpoint holds of the durable part of the state, behind the last batch that was
    /// submitted; nil if something waits to be submitted, or if the state is not small.
    package mutating func livingState() -> [[UInt8]]? {
        guard !performer.journal.hasStaged, stateIsSmall else { return nil }
        let home = MemoryHome(keepsBatches: true)
        var journal = Journal(home: home)
        broker.state.write(into: &journal)
        journal.submit()
        while let place = journal.takeWritten() {
            broker.state.messages.release(MessageID(place: place))
        }
        return home.batches
    }

    /// Nothing is on its way to the disk.
    package var isSettled: Bool { performer.journal.isSettled }
}
