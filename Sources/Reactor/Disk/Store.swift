// SPDX-License-Identifier: Apache-2.0
// Where the journal of a program lives: a folder that is recovered at start and written by a
// thread of its own, or memory. The program's service asks it what has become durable. What the
// records mean is the state's business.
import Journal

/// Where the state that is alive can be had, by those who keep it.
package struct LivingStateSource {
    /// What a checkpoint of it would take, in bytes, about.
    let size: () -> Int
    /// It can be given while others wait.
    let isSmall: () -> Bool
    /// All that is with the journal's home, as records; nil if it is not small, or goes beyond that.
    let records: () -> [[UInt8]]?

    package init(
        size: @escaping () -> Int, isSmall: @escaping () -> Bool,
        records: @escaping () -> [[UInt8]]?
    ) {
        self.size = size
        self.isSmall = isSmall
        self.records = records
    }
}

/// The journal's home, opened.
package final class Store {
    private static let segmentSize = 16 << 20

    package let home: any Journal.Home
    // Nil for a journal in memory, all of them. The disk keeps the folder locked.
    private let disk: PosixDisk?
    private let segments: SegmentHome?
    private let thread: SyncThread?

    private var checkpointing: StoreCheckpoints?
    /// The last commit that is known to be durable.
    private var durable: UInt64 = 0
    package var livingState: LivingStateSource?

    /// A journal in memory: nothing survives the process.
    package init() {
        home = MemoryHome()
        disk = nil
        segments = nil
        thread = nil
    }

    /// Opens what was recovered for writing. `wakeup` is signalled when a batch is durable.
    /// `makeState` gives the state before the first record, on the thread that makes checkpoints.
    package init<State: ReplayedState & ~Copyable>(
        _ recovered: RecoveredStore, wakeup: Wakeup,
        makeState: @escaping @Sendable () -> State, now: @escaping () -> Int64
    ) throws(SystemError) {
        let thread = try SyncThread(
            disk: recovered.disk, segmentSize: Self.segmentSize, wakeup: wakeup)
        let segments = SegmentHome(
            at: recovered.report.position, segmentSize: Self.segmentSize, writer: thread,
            sealed: recovered.report.segments, tail: recovered.report.tail,
            checksum: recovered.disk.checksum, now: now)
        disk = recovered.disk
        self.segments = segments
        self.thread = thread
        checkpointing = StoreCheckpoints(
            recovered.disk, segmentSize: Self.segmentSize, newest: recovered.checkpoint,
            replay: { [disk = recovered.disk] segments throws(RecoveryError) in
                try Checkpoint.write(folding: segments, into: makeState(), on: disk)
            })
        home = segments
    }

    package var isDurable: Bool { thread != nil }

    /// The batch that became durable since the last call, if one did.
    package func takeCommitted() throws(DiskError) -> UInt64? {
        noting(try thread?.takeCommitted())
    }

    /// There is something for `settle`.
    package var hasToSettle: Bool {
        thread?.isHolding == true || checkpointing?.wantsState == true
    }

    /// Call it when a turn ends, with whether the loop has nobody to serve: then a batch of this turn that
    /// is quickly synced is durable on return, and its number the answer. Others are on their way.
    package func settle(waiting mayWait: @autoclosure () -> Bool) throws(DiskError) -> UInt64? {
        giveState()
        return noting(try thread?.settle(waiting: !isCheckpointing && mayWait()))
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
        guard checkpointing?.wantsState == true, let thread, let segments, thread.hasSpare,
            segments.canSeal, segments.roomLeft < Self.segmentSize / 8,
            let records = livingState?.records()
        else { return }
        checkpointing?.give(records, to: segments)
        checkpointing?.committed(durable)
    }

    /// Its writes make syncs long.
    private var isCheckpointing: Bool { checkpointing?.isRunning ?? false }

    /// The last segment is used up as well, and what is to be written waits for space.
    package var waitsForSpace: Bool { thread?.isWaitingForSpace ?? false }

    /// No further segment fits on the disk, and half of the last one is used. The other half is for
    /// acknowledging what is ours already.
    package var isFull: Bool {
        waitsForSpace || thread?.isShortOfSpace == true && isHalfUsed
    }

    private var isHalfUsed: Bool {
        segments.map { $0.roomLeft < Self.segmentSize / 2 } ?? false
    }

    /// What is to be done now and then: have a spare segment, make a checkpoint. Returns the
    /// outcome of a checkpoint that has ended.
    package func maintain() throws(SystemError) -> CheckpointOutcome? {
        guard let thread, let segments else { return nil }
        thread.prepareSpare()
        return try checkpointing?.advance(
            segments, isShortOfSpace: thread.isShortOfSpace, stateSize: livingState?.size(),
            givesState: livingState?.isSmall() == true)
    }

    package var lastSync: Duration? { thread?.lastSyncDuration }

    /// Whether a batch hangs in the disk for longer than `limit`.
    package func isStuck(for limit: Duration) -> Bool {
        thread.map { $0.workingFor > limit } ?? false
    }

    package func close() {
        thread?.stop()
    }
}
