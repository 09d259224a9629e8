// SPDX-License-Identifier: Apache-2.0
// Where the journal of a program lives: a folder that is recovered at start and written by a
// thread of its own, or memory. The program's service asks it what has become durable. What the
// records mean is the state's business.
import Journal

/// Where the state that is alive can be had, by those who keep it.
package struct LivingStateSource {
    /// It can be given while others wait.
    let isSmall: () -> Bool
    /// All that is with the journal's home, as records; nil if it is not small, or goes beyond that.
    let records: () -> [[UInt8]]?

    package init(isSmall: @escaping () -> Bool, records: @escaping () -> [[UInt8]]?) {
        self.isSmall = isSmall
        self.records = records
    }
}

/// The journal's home, opened. `State` is what its records build up.
package final class Store<State: ReplayedState & ~Copyable> {
    private static var segmentSize: Int { 16 << 20 }

    package let home: any Journal.Home
    /// Nil for a journal in memory.
    private let onDisk: OnDisk?

    private struct OnDisk {
        /// Keeps the folder locked.
        let disk: PosixDisk
        let segments: SegmentHome
        let thread: SyncThread
    }

    private var checkpointing: StoreCheckpoints<State>?
    /// The last commit that is known to be durable.
    private var durable: UInt64 = 0
    package var livingState: LivingStateSource?

    /// A journal in memory: nothing survives the process.
    package init() {
        home = MemoryHome()
        onDisk = nil
    }

    /// Opens what was recovered for writing. `wakeup` is signalled when a batch is durable.
    /// `makeState` gives the state before the first record, on the thread that makes checkpoints.
    package init(
        _ recovered: RecoveredStore, wakeup: Wakeup,
        makeState: @escaping @Sendable () -> State = { State() }, now: @escaping () -> Int64
    ) throws(SystemError) {
        let thread = try SyncThread(
            disk: recovered.disk, segmentSize: Self.segmentSize, wakeup: wakeup)
        let segments = SegmentHome(
            at: recovered.report.position, segmentSize: Self.segmentSize, writer: thread,
            sealed: recovered.report.segments, tail: recovered.report.tail,
            checksum: recovered.disk.checksum, now: now)
        onDisk = OnDisk(disk: recovered.disk, segments: segments, thread: thread)
        checkpointing = StoreCheckpoints(
            recovered.disk, segmentSize: Self.segmentSize, makeState: makeState)
        home = segments
    }

    package var isDurable: Bool { onDisk != nil }

    /// The batch that became durable since the last call, if one did.
    package func takeCommitted() throws(DiskError) -> UInt64? {
        noting(try onDisk?.thread.takeCommitted())
    }

    /// Call it when a turn ends, with whether the loop has nobody to serve: then a batch of this turn that
    /// is quickly synced is durable on return, and its number the answer. Others are on their way.
    package func settle(waiting mayWait: @autoclosure () -> Bool) throws(DiskError) -> UInt64? {
        giveState()
        return noting(try onDisk?.thread.settle(waiting: !isCheckpointing && mayWait()))
    }

    private func noting(_ number: UInt64?) -> UInt64? {
        if let number {
            durable = number
            checkpointing?.committed(number)
        }
        return number
    }

    /// At the end of a segment, so that hardly any room is lost when it is said to be complete, and with
    /// the next one there.
    private func giveState() {
        guard checkpointing?.wantsState == true, let onDisk, onDisk.thread.hasSpare,
            onDisk.segments.canSeal, onDisk.segments.roomLeft < Self.segmentSize / 8,
            let records = livingState?.records()
        else { return }
        checkpointing?.give(records, to: onDisk.segments)
        checkpointing?.committed(durable)
    }

    /// Its writes make syncs long.
    private var isCheckpointing: Bool { checkpointing?.isRunning ?? false }

    /// The last segment is used up as well, and what is to be written waits for space.
    package var waitsForSpace: Bool { onDisk?.thread.isWaitingForSpace ?? false }

    /// No further segment fits on the disk, and half of the last one is used. The other half is for
    /// acknowledging what is ours already.
    package var isFull: Bool {
        guard let thread = onDisk?.thread else { return false }
        if thread.isWaitingForSpace { return true }
        guard thread.isShortOfSpace, let segments = onDisk?.segments else { return false }
        return segments.roomLeft < Self.segmentSize / 2
    }

    /// What is to be done now and then: have a spare segment, make a checkpoint. Returns the
    /// outcome of a checkpoint that has ended.
    package func maintain() throws(SystemError) -> CheckpointOutcome? {
        guard let onDisk else { return nil }
        onDisk.thread.prepareSpare()
        return try checkpointing?.advance(
            onDisk.segments, isShortOfSpace: onDisk.thread.isShortOfSpace,
            givesState: livingState?.isSmall() == true)
    }

    package var lastSync: Duration? { onDisk?.thread.lastSyncDuration }

    /// Whether a batch hangs in the disk for longer than `limit`.
    package func isStuck(for limit: Duration) -> Bool {
        onDisk.map { $0.thread.workingFor > limit } ?? false
    }

    package func close() {
        onDisk?.thread.stop()
    }
}
