// SPDX-License-Identifier: Apache-2.0
// Keeps a journal's folder small, and reads the small form back: the newest sound checkpoint and what
// lies behind it at the start, and from time to time the next one, made from that and the segments that
// are complete since, where nobody gives the state itself. When it is due, and on which thread it is
// made, is decided above.

extension Recovery {
    /// Reads the newest sound checkpoint, and the segments behind it, into `state`, which is empty.
    /// `only` as in `init`.
    public static func read<State: ReplayedState & ~Copyable>(
        _ disk: any Disk, only: [String]? = nil, into state: inout State
    ) throws(RecoveryError) -> RecoveryReport {
        let position = try Checkpoint.readNewest(from: disk, into: &state)
        var recovery = Recovery(from: disk, after: position ?? .start, only: only)
        return try recovery.run { records throws(RecordError) in try state.batch(records) }
    }
}

extension Checkpoint {
    /// Reads the newest sound checkpoint; its position, or nil if there is none.
    public static func readNewest<State: ReplayedState & ~Copyable>(
        from disk: any Disk, into state: inout State
    ) throws(RecoveryError) -> SegmentHome.Position? {
        let names: [String]
        do throws(DiskError) {
            names = try disk.names().filter(isCheckpoint).sorted()
        } catch {
            throw .disk(error)
        }
        for name in names.reversed() {
            let position = try read(name, from: disk) { records throws(RecordError) in
                try state.batch(records)
            }
            if let position { return position }
        }
        return nil
    }

    /// Writes the state behind the last checkpoint and `segments`, which are complete and oldest
    /// first, as the next checkpoint. `state` is empty; it is of no further use. Returns its name.
    public static func write<State: ReplayedState & ~Copyable>(
        folding segments: [String], into state: consuming State, on disk: any Disk
    ) throws(RecoveryError) -> String {
        let report = try Recovery.read(disk, only: segments, into: &state)
        if let segment = report.setAside.first { throw .broken(segment: segment) }
        // Recovery names the epoch in which writing would go on; the checkpoint ends before it.
        var end = report.position
        end.epoch -= 1
        do throws(DiskError) {
            return try write(at: end, to: disk) { state.write(into: &$0) }
        } catch {
            throw .disk(error)
        }
    }

    /// Two checkpoints are kept, and every segment behind the older one; all others are over, also those
    /// that a process before this one left, and `retire` is called with each. Returns which of
    /// `segments` are gone.
    public static func removeSuperseded(
        of segments: [String], on disk: any Disk,
        retire: (String) throws(DiskError) -> Void
    ) throws(DiskError) -> Set<String> {
        let names = try disk.names().sorted()
        let checkpoints = names.filter(isCheckpoint)
        guard checkpoints.count > 1 else { return [] }
        let older = checkpoints[checkpoints.count - 2]
        for name in checkpoints.dropLast(2) {
            try disk.remove(name)
        }
        var superseded = Set<String>()
        for name in held(by: older, of: names.filter(SegmentHeader.isSegment)) {
            try retire(name)
            if segments.contains(name) { superseded.insert(name) }
        }
        return superseded
    }

    /// What the newest checkpoint comes to, beside `segments`, oldest first; nil if there is none.
    public static func newest(
        of segments: [String], on disk: any Disk
    ) throws(DiskError) -> NewestCheckpoint? {
        guard let name = try disk.names().filter(isCheckpoint).max() else { return nil }
        return NewestCheckpoint(
            size: try disk.size(of: name), segmentsHeld: held(by: name, of: segments).count)
    }

    /// A segment is needed while it can hold a batch behind the checkpoint: while the next one does
    /// not begin before that.
    private static func held(by checkpoint: String, of segments: [String]) -> [String] {
        let bound = "segment-" + checkpoint.dropFirst("checkpoint-".count)
        return zip(segments, segments.dropFirst()).filter { $1 <= bound }.map { $0.0 }
    }
}

/// The checkpoint with which a journal is read first.
public struct NewestCheckpoint: Sendable {
    public let size: Int
    /// Complete segments that it stands for, though they are still there.
    public let segmentsHeld: Int
}
