// SPDX-License-Identifier: Apache-2.0
// When a batch is worth a sync. One with a single fact costs as much as one with hundreds, so it
// waits a little for the answers to what the last one let out: mostly they are on their way
// already. Facts that nobody waits for ride along with the next batch.
import Journal
import MQTT

/// How long a batch may wait. Zero where a commit costs nothing.
package struct CommitPatience: Equatable {
    /// For the answers to what the last commit let out.
    package var forAnswers = Duration.zero
    /// For a packet that has to wait for it.
    package var forNeed = Duration.zero

    package init() {}
}

struct CommitPace {
    /// A batch below this waits for all that may be answering, others for half of them.
    static let smallBytes = 4 << 10
    /// From this size on a batch goes as soon as it can.
    static let fullBytes = 64 << 10

    /// What a batch may grow to while the one before it is being made durable. A disk that is slower
    /// than those who publish makes them wait, and costs no more memory than this.
    var largeBytes = 64 << 20
    /// Somebody waits for that.
    var isBehind = false
    var patience = CommitPatience() {
        didSet { isImpatient = patience == CommitPatience() }
    }
    /// Nothing is gained by waiting.
    private(set) var isImpatient = true
    /// How many connections may answer what the last commit let out, how many of them have not yet, and
    /// until when they are waited for. Who was awaited and has said nothing since is not among them.
    var letOut = 0
    var awaited = 0
    var awaitedUntil = Instant(nanoseconds: 0)
    /// When the batch that is held back goes.
    var due: Instant?

    /// So many may be answering that a batch of this size had better have their facts too.
    func isWorthWaiting(with bytes: Int) -> Bool {
        awaited > (bytes < Self.smallBytes ? 0 : (letOut + 1) / 2)
    }
}

extension Engine {
    package var commitPatience: CommitPatience {
        get { pace.patience }
        set { pace.patience = newValue }
    }

    /// Nobody is connected whose session ends with the connection, and so never waits for the disk.
    package var allWaitForDisk: Bool { performer.bystanders == 0 }

    /// All reads of a turn are done: one batch for all its facts, then what may leave leaves.
    package mutating func turnEnded(at now: Instant) {
        guard !pace.isImpatient else {
            submit()
            release()
            return
        }
        release()
        guard performer.journal.hasStaged, !performer.journal.isCommitting else { return }
        let due = commitDue(at: now)
        if due == nil { submit() }
        if due != pace.due { performer.setDeadline(.commit, due) }
        pace.due = due
    }

    /// Nil if what is staged is to be submitted now.
    private func commitDue(at now: Instant) -> Instant? {
        let bytes = performer.journal.bytesStaged
        guard bytes < CommitPace.fullBytes else { return nil }
        // With nothing in flight, all wait for what is staged.
        let isNeeded = !performer.listed.isEmpty
        if isNeeded, !pace.isWorthWaiting(with: bytes) { return nil }
        let due = isNeeded ? pace.awaitedUntil : pace.due ?? now + pace.patience.forNeed
        return now < due ? due : nil
    }

    /// The home has made batch `number` durable. Call `turnEnded` after it.
    package mutating func committed(_ number: UInt64, at now: Instant) {
        performer.journal.committed(number)
        letGoOfWritten()
        if pace.isImpatient || performer.journal.bytesStaged >= CommitPace.fullBytes { submit() }
        awaitAnswers(to: UInt32(truncatingIfNeeded: number), at: now)
        caughtUp(at: now)
        release()
    }

    /// What may leave leaves, and it is known what may wait from here on.
    @inline(__always)
    private mutating func release() {
        performer.release()
        performer.share.settle(
            each: broker.limits.outputBytesMax, all: broker.limits.outputMemoryMax)
    }

    private mutating func awaitAnswers(to number: UInt32, at now: Instant) {
        pace.awaited = 0
        pace.awaitedUntil = now + pace.patience.forAnswers
        for place in performer.listed.indices {
            let id = performer.listed[place]
            guard performer.outlets[id.index].answersCommit == 0,
                performer.outlets[id.index].output.isWritable(durable: performer.journal.durable)
            else { continue }
            performer.outlets[id.index].answersCommit = number
            pace.awaited += 1
        }
        pace.letOut = pace.awaited
    }

    private mutating func submit() {
        guard performer.journal.hasStaged else { return }
        performer.journal.submit()
        letGoOfWritten()
    }

    /// Bodies that went to the disk from where they are.
    private mutating func letGoOfWritten() {
        while let place = performer.journal.takeWritten() {
            broker.state.messages.release(MessageID(place: place))
        }
    }

    /// True if its messages are to wait until the disk has caught up.
    mutating func waitsForDisk(_ id: ConnectionID) -> Bool {
        guard performer.journal.isCommitting, performer.journal.bytesStaged >= pace.largeBytes
        else { return false }
        pace.isBehind = true
        broker.pause(id, into: &performer)
        return true
    }

    private mutating func caughtUp(at now: Instant) {
        guard pace.isBehind, performer.journal.bytesStaged < pace.largeBytes else { return }
        pace.isBehind = false
        broker.resumePaused(into: &performer)
        eventEnded()
    }

    /// Its peer has said something, or never will.
    @inline(__always)
    mutating func noLongerAwaited(_ id: ConnectionID) {
        let number = performer.outlets[id.index].answersCommit
        guard number != 0 else { return }
        performer.outlets[id.index].answersCommit = 0
        let isLast = number == UInt32(truncatingIfNeeded: performer.journal.durable.batch)
        if isLast { pace.awaited -= 1 }
    }
}
