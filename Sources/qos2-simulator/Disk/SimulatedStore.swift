// SPDX-License-Identifier: Apache-2.0
// A journal's folder on a simulated disk: opened by the real recovery, written through the real
// `SegmentHome`, kept small by the real checkpoints. It does what `Store` of the reactor does.
import Journal

final class SimulatedStore<State: ReplayedState & ~Copyable> {
    private static var retiredMax: Int { 2 }

    let segments: SegmentHome
    let writer: SimulatedWriter
    private let disk: SimulatedDisk
    private let segmentSize: Int
    private let checkpointSegments: Int
    /// Complete segments that the last checkpoint holds.
    private var held = 0
    /// Gives the living state, where the process has a small one to give; then every other checkpoint
    /// is made of that, and the first of every other process.
    var livingState: (() -> [[UInt8]]?)?
    private var isLivingsTurn: Bool
    /// How many segments were complete when the living state was first wanted.
    private var wantedSince: Int?
    /// Given, and not durable yet.
    private var living: LivingState?

    init(
        _ disk: SimulatedDisk, _ report: RecoveryReport, segmentSize: Int, checkpointSegments: Int,
        now: @escaping () -> Int64
    ) {
        self.disk = disk
        self.segmentSize = segmentSize
        self.checkpointSegments = checkpointSegments
        isLivingsTurn = report.position.epoch.isMultiple(of: 2)
        writer = SimulatedWriter(disk, segmentSize: segmentSize)
        segments = SegmentHome(
            at: report.position, segmentSize: segmentSize, writer: writer,
            sealed: report.segments, tail: report.tail, now: now)
    }

    /// No further segment fits on the disk, and half of the last one is used.
    var isFull: Bool { writer.isShortOfSpace && segments.roomLeft < segmentSize / 2 }

    /// A spare segment, and a checkpoint if one is due. True if one was written.
    func maintain() throws(RecoveryError) -> Bool {
        writer.prepareSpare()
        guard living == nil, segments.sealed.count - held >= checkpointSegments else {
            return false
        }
        if livingState != nil, isLivingsTurn, !writer.isShortOfSpace {
            let since = wantedSince ?? segments.sealed.count
            wantedSince = since
            if segments.sealed.count < since + 2 { return false }
        }
        try checkpoint(segments.sealed) { () throws(RecoveryError) in
            _ = try Checkpoint.write(folding: segments.sealed, into: State(), on: disk)
        }
        return true
    }

    /// A turn has ended: the state is asked for when half of a segment is used.
    func turnEnded() {
        guard wantedSince != nil, writer.hasSpare, segments.canSeal,
            segments.roomLeft < segmentSize / 2, let records = livingState?()
        else { return }
        wantedSince = nil
        living = segments.seal(with: records)
    }

    /// This commit is durable, and all before it. True if a checkpoint was written of what was given
    /// before that.
    func committed(_ number: UInt64) throws(RecoveryError) -> Bool {
        guard let living, living.commit <= number else { return false }
        self.living = nil
        try checkpoint(living.segments) { () throws(RecoveryError) in
            do throws(DiskError) {
                _ = try Checkpoint.write(living, to: disk)
            } catch {
                throw .disk(error)
            }
        }
        return true
    }

    private func checkpoint(
        _ folded: [String], _ write: () throws(RecoveryError) -> Void
    ) throws(RecoveryError) {
        isLivingsTurn.toggle()
        wantedSince = nil
        held = folded.count
        try write()
        do throws(DiskError) {
            let retired = RetiredSegments(of: segmentSize, on: disk)
            let most = writer.isShortOfSpace ? 0 : Self.retiredMax
            try retired.keep(most)
            let superseded = try Checkpoint.removeSuperseded(of: folded, on: disk) {
                name throws(DiskError) in try retired.retire(name, keeping: most)
            }
            segments.forget(superseded)
            held -= superseded.count
        } catch {
            throw .disk(error)
        }
    }
}
