// SPDX-License-Identifier: Apache-2.0
// Keeps the store small: now and then a thread writes the next checkpoint and retires what two
// checkpoints no longer need. What it writes is the living state, where the loop gives that because it
// is small; otherwise the thread replays the last checkpoint and the segments that are complete since,
// and the living state is neither stopped nor copied.
import Journal

/// What one checkpoint came to.
package enum CheckpointOutcome: Sendable {
    /// Segments that the store does not need any more: they are gone.
    case written(superseded: Set<String>, size: Int, isGiven: Bool)
    case failed(String)

    /// `folder` is what goes on growing where there is none: `the store`.
    package func tell(_ log: Log, growing folder: String, kind: String) {
        switch self {
        case .written(let superseded, let size, let isGiven):
            let source = isGiven ? "memory" : "the journal"
            log.write(
                .debug,
                "checkpoint of \(size) B from \(source), \(superseded.count) segments are over",
                kind: kind)
        case .failed(let reason):
            log.write(
                .error, "checkpoint failed, \(folder) keeps growing: \(reason)", kind: kind,
                tint: .failure)
        }
    }
}

/// Writes what the last checkpoint and these segments come to, as the next one, and returns its name.
typealias CheckpointReplay = @Sendable ([String]) throws(RecoveryError) -> String

/// The work of one checkpoint, for a thread of its own.
struct CheckpointWork: Sendable {
    /// What the fastest loads begin of between two checkpoints, about.
    private static let retiredMax = 32
    /// Of what is free, retired segments take so small a part.
    private static let retiredShare = 16

    let disk: PosixDisk
    let segmentSize: Int
    /// Complete segments, oldest first.
    let segments: [String]
    /// Nil if it is to be replayed.
    let living: LivingState?
    let replay: CheckpointReplay

    func run() -> CheckpointOutcome {
        do {
            return try write()
        } catch {
            // Whatever the disk says of its space: the next attempt has more.
            try? retired.keep(0)
            return .failed("\(error)")
        }
    }

    private var retired: RetiredSegments { RetiredSegments(of: segmentSize, on: disk) }

    private func write() throws -> CheckpointOutcome {
        try retired.keep(retiredCount)
        let name =
            if let living {
                try Checkpoint.write(living, to: disk)
            } else {
                try replay(segments)
            }
        let most = retiredCount
        let superseded = try Checkpoint.removeSuperseded(of: segments, on: disk) {
            name throws(DiskError) in try retired.retire(name, keeping: most)
        }
        return .written(
            superseded: superseded, size: try disk.size(of: name), isGiven: living != nil)
    }

    /// How many may be kept. Where the disk does not say what is free, none.
    private var retiredCount: Int {
        min(Self.retiredMax, (disk.bytesFree() ?? 0) / (Self.retiredShare * segmentSize))
    }
}

/// Decides when the next checkpoint is due, and has one made at a time.
struct StoreCheckpoints {
    private static let segmentsMin = 4
    /// The last checkpoint and the segments behind it are so many times as large as the state, or the next
    /// one would spare little: that of a queue that only grows is as long as the journal it stands for.
    private static let growth = 2
    private static let patience = 20

    private let disk: PosixDisk
    private let segmentSize: Int
    private let replay: CheckpointReplay
    private var task: BackgroundTask<CheckpointOutcome>?
    /// Complete segments that the last checkpoint holds.
    private var held: Int
    /// The size of the last checkpoint: the next one waits until as much has been written again.
    private var size: Int
    /// After a failure: calls of `advance` until the next attempt.
    private var patience = 0
    /// How many segments were complete when the living state was first wanted; nil if it is not.
    private var wantedSince: Int?
    /// Given, and not durable yet.
    private var living: LivingState?
    /// Why the last attempt was not even begun; `advance` tells.
    private var failure: SystemError?

    /// A small state would be welcome, whose checkpoint costs next to nothing: to replay what each
    /// message has left in the journal takes a third of what it took to handle it.
    var wantsState: Bool { wantedSince != nil }

    /// One is being made.
    var isRunning: Bool { task != nil }

    /// The thread calls `replay`.
    init(
        _ disk: PosixDisk, segmentSize: Int, newest: NewestCheckpoint?,
        replay: @escaping CheckpointReplay
    ) {
        self.disk = disk
        held = newest?.segmentsHeld ?? 0
        size = newest?.size ?? 0
        self.segmentSize = segmentSize
        self.replay = replay
    }

    /// Call it now and then. Returns the outcome of a checkpoint that has ended. A disk that is short
    /// of space may have some when old segments go, so then each new one is reason enough.
    /// `stateSize` is what a checkpoint would take, in bytes; nil where nobody knows.
    mutating func advance(
        _ home: SegmentHome, isShortOfSpace: Bool, stateSize: @autoclosure () -> Int?,
        givesState: @autoclosure () -> Bool
    ) throws(SystemError) -> CheckpointOutcome? {
        if let failure {
            self.failure = nil
            throw failure
        }
        if let task {
            guard let outcome = task.takeOutcome() else { return nil }
            self.task = nil
            switch outcome {
            case .written(let superseded, let size, _):
                home.forget(superseded)
                held -= superseded.count
                self.size = size
            case .failed:
                held = 0
                patience = Self.patience
            }
            return outcome
        }
        patience = max(0, patience - 1)
        let due = isShortOfSpace ? 1 : segmentsDue(stateSize() ?? 0)
        guard patience == 0, living == nil, home.sealed.count - held >= due else {
            // What was wanted may have grown since.
            wantedSince = nil
            return nil
        }
        if !isShortOfSpace, givesState() {
            let since = wantedSince ?? home.sealed.count
            wantedSince = since
            // It is given at the end of a segment. When two have passed, it is not going to be.
            if home.sealed.count < since + 2 { return nil }
        }
        wantedSince = nil
        try begin(home.sealed, with: nil)
        return nil
    }

    /// How many segments behind the last checkpoint make the next one due.
    private func segmentsDue(_ stateSize: Int) -> Int {
        max(Self.segmentsMin, max(size, Self.growth * stateSize - size) / segmentSize)
    }

    /// The state behind all that was committed to `home`, whose segment ends with that.
    mutating func give(_ records: [[UInt8]], to home: SegmentHome) {
        wantedSince = nil
        living = home.seal(with: records)
    }

    /// All commits up to this one are durable, and so is what was given before.
    mutating func committed(_ number: UInt64) {
        guard let living, living.commit <= number else { return }
        self.living = nil
        do throws(SystemError) {
            try begin(living.segments, with: living)
        } catch {
            failure = error
        }
    }

    private mutating func begin(
        _ segments: [String], with living: LivingState?
    ) throws(SystemError) {
        let work = CheckpointWork(
            disk: disk, segmentSize: segmentSize, segments: segments, living: living,
            replay: replay)
        task = try BackgroundTask { work.run() }
        held = segments.count
    }
}
