// SPDX-License-Identifier: Apache-2.0
// The one thread that writes and syncs for the journal, so that nobody waits for a disk who has no
// need to. It takes one batch at a time and says by a wake-up that it is done; between batches it keeps
// a spare segment ready. A failed write or sync is final: nobody knows after it what the disk holds, so
// nothing is tried again. Only the space of a segment is waited for: before it is there, nothing of the
// batch is written.
//
// A short batch stays with the loop until its turn ends: when nobody else is there to be served, the
// loop had better sync it itself than wake a thread and sleep until it is woken, which takes as long
// as the sync of a quick disk.
import Glibc
import Journal
import Synchronization

/// `job` and the open file belong to the thread while it works, to the loop at all other times. The
/// mutex hands them over; the atomics only inform.
package final class SyncThread: BatchWriter, @unchecked Sendable {
    private struct Job {
        var begun: (segment: String, header: [UInt8], size: Int)?
        var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        /// What is to be framed first, in the place of `bytes`.
        var framing: LateFraming?
        var segment = ""
        var offset = 0
        var number: UInt64 = 0
    }

    private enum Phase {
        case idle
        case working
        case done
        case failed(DiskError)
        case stopping
    }

    private let disk: PosixDisk
    private let spare: SpareSegment
    private let wakeup: Wakeup
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// What the thread has been told and has not heard.
    private let orders = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    private var phase = Phase.idle
    private var job = Job()
    /// The batch waits for `settle`.
    private(set) var isHolding = false
    private var expectation = SyncExpectation()
    private var openName = ""
    private var openFile: Int32 = -1
    private let lastSync = Atomic<Int64>(0)
    private let workingSince = Atomic<Int64>(0)
    private let waitsForSpace = Atomic<Bool>(false)

    /// `wakeup` is signalled when a batch is durable, and when one has failed.
    package init(
        disk: PosixDisk, segmentSize: Int, wakeup: Wakeup
    ) throws(SystemError) {
        self.disk = disk
        self.wakeup = wakeup
        spare = SpareSegment(disk: disk, size: segmentSize)
        pthread_mutex_init(mutex, nil)
        sem_init(orders, 0, 0)
        try startThread { [self] in run() }
        spare.prepare()
    }

    deinit {
        if openFile >= 0 { close(openFile) }
        pthread_mutex_destroy(mutex)
        sem_destroy(orders)
        mutex.deallocate()
        orders.deallocate()
    }

    /// How long the last batch took to become durable.
    package var lastSyncDuration: Duration {
        .nanoseconds(lastSync.load(ordering: .relaxed))
    }

    /// How long the batch in work has been in work; zero when there is none.
    package var workingFor: Duration {
        let since = workingSince.load(ordering: .relaxed)
        return since == 0 ? .zero : .nanoseconds(monotonicNanoseconds() - since)
    }

    /// The disk has no space for another segment.
    package var isShortOfSpace: Bool { spare.isMissing }

    /// The next segment is there.
    package var hasSpare: Bool { spare.isReady }

    /// The batch in work waits until the disk has space for its segment.
    package var isWaitingForSpace: Bool { waitsForSpace.load(ordering: .relaxed) }

    /// Tries again to have a spare, after the disk was full.
    package func prepareSpare() {
        spare.prepare()
    }

    package func begin(_ segment: String, header: [UInt8], size: Int) {
        job.begun = (segment, header, size)
    }

    /// `bytes` must stay as they are until the wake-up.
    package func write(
        _ bytes: Span<UInt8>, to segment: String, at offset: Int, number: UInt64
    ) -> Bool {
        bytes.withUnsafeBytes { job.bytes = $0 }
        job.framing = nil
        return work(segment, offset, number)
    }

    package func write(
        _ framing: LateFraming, to segment: String, at offset: Int, number: UInt64
    ) -> Bool {
        job.framing = framing
        return work(segment, offset, number)
    }

    private func work(_ segment: String, _ offset: Int, _ number: UInt64) -> Bool {
        job.segment = segment
        job.offset = offset
        job.number = number
        isHolding = isShort
        if !isHolding { handOver() }
        return false
    }

    /// A sync and nothing more, which takes no long time, as far as can be known.
    private var isShort: Bool {
        job.begun == nil && job.framing == nil && job.bytes.count <= Self.shortBytes
            && openName == job.segment && expectation.isShort
    }

    private func handOver() {
        workingSince.store(monotonicNanoseconds(), ordering: .relaxed)
        order(.working)
    }

    /// Call it when a turn ends. A short batch that was given in it is made durable before this returns
    /// its number, if `mayWait`, and given to the thread if not.
    package func settle(waiting mayWait: @autoclosure () -> Bool) throws(DiskError) -> UInt64? {
        guard isHolding else { return nil }
        isHolding = false
        guard mayWait() else {
            handOver()
            return nil
        }
        let start = monotonicNanoseconds()
        try writeBatch()
        noteEnd(ofBatchFrom: start)
        noteDuration()
        return job.number
    }

    private func noteEnd(ofBatchFrom start: Int64) {
        lastSync.store(monotonicNanoseconds() - start, ordering: .relaxed)
        workingSince.store(0, ordering: .relaxed)
    }

    private func noteDuration() {
        expectation.add(lastSync.load(ordering: .relaxed))
    }

    /// The number of the batch that became durable since the last call, if one did.
    package func takeCommitted() throws(DiskError) -> UInt64? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        switch phase {
        case .done:
            phase = .idle
            noteDuration()
            return job.number
        case .failed(let error): throw error
        case .idle, .working, .stopping: return nil
        }
    }

    /// Ends the thread. A batch that was handed over is written once or not at all.
    package func stop() {
        order(.stopping)
    }

    private func change(to new: Phase) {
        pthread_mutex_lock(mutex)
        phase = new
        pthread_mutex_unlock(mutex)
    }

    private func order(_ new: Phase) {
        change(to: new)
        sem_post(orders)
    }

    /// True when there is a batch to write, false when the thread has to end. A condition would do as well,
    /// but its waiter marks the mutex as wanted by more, and calls the kernel once more to give it up.
    private func wait() -> Bool {
        while sem_wait(orders) != 0 {}
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        // The end may have been ordered while a batch was in work.
        if case .working = phase { return true }
        return false
    }

    private func run() {
        while wait() {
            do throws(DiskError) {
                let start = monotonicNanoseconds()
                if let begun = job.begun {
                    try begin(begun.segment, begun.header, begun.size)
                    job.begun = nil
                }
                try writeBatch()
                noteEnd(ofBatchFrom: start)
                change(to: .done)
            } catch {
                change(to: .failed(error))
            }
            wakeup.signal()
        }
    }

    private func writeBatch() throws(DiskError) {
        let path = disk.path(job.segment)
        // Recovery may have left room in a segment that was not begun here.
        if openName != job.segment {
            use(try disk.descriptor(job.segment, O_WRONLY), as: job.segment)
        }
        var end = job.offset
        if let framing = job.framing {
            try framing.run { bytes throws(DiskError) in
                try PosixDisk.writeAll(bytes, to: openFile, at: end, path)
                end += bytes.count
            }
        } else {
            try PosixDisk.writeAll(job.bytes, to: openFile, at: end, path)
            end += job.bytes.count
        }
        guard fdatasync(openFile) == 0 else {
            throw DiskError(SystemError(operation: "sync", subject: path))
        }
        spare.noteUse(upTo: end)
    }

    /// The file that is to become a segment. Waits while the disk has no space for one.
    private func occupy(_ size: Int) throws(DiskError) -> String {
        defer { stopWaiting() }
        while true {
            if size == spare.size, spare.isReady { return SpareSegment.name }
            // While there is no spare, whoever makes one has the first claim on what comes free.
            if !isWaitingForSpace || size != spare.size, try create(size) {
                return Self.unfinished
            }
            waitsForSpace.store(true, ordering: .relaxed)
            workingSince.store(0, ordering: .relaxed)
            spare.prepare()
            usleep(Self.spacePause)
        }
    }

    private func stopWaiting() {
        guard isWaitingForSpace else { return }
        workingSince.store(monotonicNanoseconds(), ordering: .relaxed)
        waitsForSpace.store(false, ordering: .relaxed)
    }

    /// False if the disk is full.
    private func create(_ size: Int) throws(DiskError) -> Bool {
        try disk.remove(Self.unfinished)
        do throws(DiskError) {
            try disk.create(Self.unfinished, size: size)
            return true
        } catch {
            guard error.isFull else { throw error }
            try disk.remove(Self.unfinished)
            return false
        }
    }

    private static let shortBytes = 64 << 10
    private static let unfinished = "segment-unfinished"
    private static let spacePause: UInt32 = 200_000

    /// A segment is whole on disk, its name included, before a batch goes into it. It gets its name
    /// last: a file of that name without a header would look like damage.
    private func begin(
        _ segment: String, _ header: [UInt8], _ size: Int
    ) throws(DiskError) {
        let made = try occupy(size)
        let file = try disk.descriptor(made, O_WRONLY)
        try PosixDisk.writeAll(header.span, to: file.raw, at: 0, disk.path(made))
        guard fdatasync(file.raw) == 0 else {
            throw DiskError(SystemError(operation: "sync", subject: disk.path(made)))
        }
        try disk.rename(made, to: segment)
        // Not before: whoever makes the next spare must not find this one.
        if made == SpareSegment.name { spare.wasTaken() }
        try disk.syncFolder()
        use(file, as: segment)
        spare.noteUse(upTo: 0)
        spare.prepare()
    }

    private func use(_ file: consuming OwnedDescriptor, as segment: String) {
        if openFile >= 0 { close(openFile) }
        openFile = file.release()
        openName = segment
    }
}
