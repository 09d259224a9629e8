// SPDX-License-Identifier: Apache-2.0
// A journal's folder on a simulated disk: opened by the real recovery, written through the real
// `SegmentHome`, kept small by the real checkpoints. It does what `Store` of the reactor does.
import Journal

final class SimulatedStore<State: ReplayedState & ~Copyable> {
    let segments: SegmentHome
    let writer: SimulatedWriter
    private let disk: SimulatedDisk
    private let segmentSize: Int
    private let checkpointSegments: Int
    /// Complete segments that the last checkpoint holds.
    private var held = 0

    init(
        _ disk: SimulatedDisk, _ report: RecoveryReport, segmentSize: Int, checkpointSegments: Int,
        now: @escaping () -> Int64
    ) {
        self.disk = disk
        self.segmentSize = segmentSize
        self.checkpointSegments = checkpointSegments
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
        guard segments.sealed.count - held >= checkpointSegments else { return false }
        held = segments.sealed.count
        _ = try Checkpoint.write(folding: segments.sealed, into: State(), on: disk)
        do throws(DiskError) {
            let superseded = try Checkpoint.removeSuperseded(of: segments.sealed, on: disk)
            segments.forget(superseded)
            held -= superseded.count
        } catch {
            throw .disk(error)
        }
        return true
    }
}
