// SPDX-License-Identifier: Apache-2.0
// Where the journal of this broker lives: a folder that is recovered at start and written by a
// thread of its own, or memory. The service asks it what has become durable.
import BrokerCore
import Journal
import MQTT
import Reactor

/// The journal's home, opened.
final class Store {
    private static let segmentSize = 16 << 20

    let home: any Journal.Home
    /// Nil for a journal in memory.
    private let onDisk: OnDisk?

    private struct OnDisk {
        /// Keeps the folder locked.
        let disk: PosixDisk
        let segments: SegmentHome
        let thread: SyncThread
    }

    private var checkpointing: Checkpointing?

    /// A journal in memory: nothing survives the process.
    init() {
        home = MemoryHome()
        onDisk = nil
    }

    /// Opens what was recovered for writing. `wakeup` is signalled when a batch is durable.
    init(
        _ recovered: RecoveredStore, wakeup: Wakeup, now: @escaping () -> Int64
    ) throws(SystemError) {
        let thread = try SyncThread(
            disk: recovered.disk, segmentSize: Self.segmentSize, wakeup: wakeup)
        let segments = SegmentHome(
            at: recovered.report.position, segmentSize: Self.segmentSize, writer: thread,
            sealed: recovered.report.segments, now: now)
        onDisk = OnDisk(disk: recovered.disk, segments: segments, thread: thread)
        checkpointing = Checkpointing(recovered.disk, segmentSize: Self.segmentSize)
        home = segments
    }

    var isDurable: Bool { onDisk != nil }

    /// The batch that became durable since the last call, if one did.
    func takeCommitted() throws(DiskError) -> UInt64? {
        try onDisk?.thread.takeCommitted()
    }

    /// No further segment fits on the disk, and half of the last one is used. The other half is for
    /// acknowledging what is ours already.
    var isFull: Bool {
        guard let onDisk, onDisk.thread.isShortOfSpace else { return false }
        return onDisk.segments.roomLeft < Self.segmentSize / 2
    }

    /// What is to be done now and then: have a spare segment, make a checkpoint. Returns the
    /// outcome of a checkpoint that has ended.
    func maintain() throws(SystemError) -> CheckpointOutcome? {
        guard let onDisk else { return nil }
        onDisk.thread.prepareSpare()
        return try checkpointing?.advance(onDisk.segments)
    }

    var lastSync: Duration? { onDisk?.thread.lastSyncDuration }

    /// Whether a batch hangs in the disk for longer than `limit`.
    func isStuck(for limit: Duration) -> Bool {
        onDisk.map { $0.thread.workingFor > limit } ?? false
    }

    func close() {
        onDisk?.thread.stop()
    }
}

/// A store's folder, locked and read.
struct RecoveredStore {
    let disk: PosixDisk
    let report: RecoveryReport
    let duration: Duration

    /// Reads the folder into `replay`.
    init(folder: String, into replay: inout Replay) throws(RecoveryError) {
        let clock = ContinuousClock()
        let start = clock.now
        do throws(DiskError) {
            disk = try PosixDisk(folder: folder)
        } catch {
            throw .disk(error)
        }
        let position = try Self.readCheckpoint(disk, into: &replay)
        var recovery = Recovery(from: disk, after: position ?? .start)
        report = try recovery.run { records throws(RecordError) in
            try replay.batch(records)
        }
        duration = clock.now - start
    }

    /// Reads the newest sound checkpoint; its position, or nil if there is none.
    static func readCheckpoint(
        _ disk: PosixDisk, into replay: inout Replay
    ) throws(RecoveryError) -> SegmentHome.Position? {
        let names: [String]
        do throws(DiskError) {
            names = try disk.names().filter(Checkpoint.isCheckpoint).sorted()
        } catch {
            throw .disk(error)
        }
        for name in names.reversed() {
            let position = try Checkpoint.read(name, from: disk) { records throws(RecordError) in
                try replay.batch(records)
            }
            if let position { return position }
        }
        return nil
    }
}
