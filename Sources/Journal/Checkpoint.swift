// SPDX-License-Identifier: Apache-2.0
// A checkpoint is the shortest journal that gives the same state: records in batches, chained like
// those of a segment, in a file of its own that names the position up to which it holds everything.
// It is written beside the journal and gets its name only when it is whole and synced.

/// A state that was given, as records in pieces of whole ones, by who keeps the journal.
public struct LivingState: Sendable {
    let records: [[UInt8]]
    /// All that is in it: complete segments, and where they end.
    public let segments: [String]
    let position: SegmentHome.Position
    /// The commit that has to be durable before it may stand for anything.
    public let commit: UInt64
}

public enum Checkpoint {
    private static let unfinished = "checkpoint-unfinished"

    /// Sorts in the order of positions.
    public static func name(_ position: SegmentHome.Position) -> String {
        "checkpoint-\(position.nextBatch.hex(16))-\(UInt64(position.epoch).hex(8))"
    }

    public static func isCheckpoint(_ name: String) -> Bool {
        name.hasPrefix("checkpoint-") && name != unfinished
    }

    /// Writes what `fill` appends as the checkpoint of `position`. Returns its name.
    public static func write(
        at position: SegmentHome.Position, to disk: any Disk, _ fill: (inout Journal) -> Void
    ) throws(DiskError) -> String {
        try write(at: position, to: disk) { (home: CheckpointHome) in
            var journal = Journal(home: home)
            fill(&journal)
            journal.submit()
        }
    }

    /// Writes `state`, which is durable, as the checkpoint of where it ends. Returns its name.
    public static func write(_ state: LivingState, to disk: any Disk) throws(DiskError) -> String {
        try write(at: state.position, to: disk) { (home: CheckpointHome) in
            for piece in state.records { home.append(piece.span, goesOn: true) }
        }
    }

    private static func write(
        at position: SegmentHome.Position, to disk: any Disk, _ fill: (CheckpointHome) -> Void
    ) throws(DiskError) -> String {
        try disk.remove(unfinished)
        try disk.create(unfinished, size: 0)
        let home = CheckpointHome(disk, unfinished, position)
        fill(home)
        home.finish()
        if let failure = home.failure {
            // What it took is worth more to what is being written now.
            try disk.remove(unfinished)
            throw failure
        }
        try disk.sync(unfinished)
        let name = name(position)
        try disk.rename(unfinished, to: name)
        try disk.syncFolder()
        return name
    }

    /// Gives the records of a checkpoint to `take`; nil if the file is not sound, whole and of this
    /// name. Nothing is given before that is known.
    public static func read(
        _ name: String, from disk: any Disk,
        _ take: (Span<UInt8>) throws(RecordError) -> Void
    ) throws(RecoveryError) -> SegmentHome.Position? {
        let reader = CheckpointReader(name, on: disk)
        guard let position = try reader.verifiedPosition(), self.name(position) == name else {
            return nil
        }
        try reader.records(take)
        return position
    }
}

/// Where the records of a checkpoint go: one file that grows, and one commit from front to end, so
/// that a file that was cut is known as such wherever it was cut.
final class CheckpointHome: Journal.Home {
    private let disk: any Disk
    private let name: String
    private let position: SegmentHome.Position
    private var end = 0
    private var chain: SegmentHome.Position
    /// What the disk refused; nothing was written after it.
    private(set) var failure: DiskError?

    init(
        _ disk: any Disk, _ name: String, _ position: SegmentHome.Position
    ) {
        self.disk = disk
        self.name = name
        self.position = position
        chain = SegmentHome.Position(epoch: position.epoch, nextBatch: 1, previous: 0)
        let header = SegmentHeader(
            epoch: position.epoch, firstBatch: position.nextBatch, previous: position.previous)
        append(header.bytes(disk.checksum).span)
    }

    func commit(_ batch: Span<UInt8>, number: UInt64) -> Bool {
        append(batch, goesOn: true)
        return true
    }

    /// There is no more to come.
    func finish() {
        let nothing: [UInt8] = []
        append(nothing.span, goesOn: false)
    }

    func append(_ records: Span<UInt8>, goesOn: Bool) {
        BatchFraming.frame(
            CommitParts(records), at: &chain, time: 0, goesOn: goesOn, disk.checksum
        ) { append($0) }
    }

    private func append(_ bytes: Span<UInt8>) {
        guard failure == nil else { return }
        do throws(DiskError) {
            try disk.write(bytes, to: name, at: end)
            end += bytes.count
        } catch {
            failure = error
        }
    }
}
