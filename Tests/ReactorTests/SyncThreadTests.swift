// SPDX-License-Identifier: Apache-2.0
//
// Who syncs a batch: the thread, or the loop that has nobody else to serve. On a file system in
// memory, where a sync takes no time.

import Glibc
import Journal
import Testing

@testable import Reactor

@Suite struct SyncThreadTests {
    @Test func nothingIsWaitedForBeforeASyncIsKnownToBeShort() throws {
        let journal = try Batches()
        defer { journal.remove() }
        journal.write("first")
        let answer = try journal.thread.settle(waiting: fails("asked too early"))
        #expect(answer == nil)
        #expect(try journal.awaitThread() == 1)
        #expect(try journal.onDisk == "first")
    }

    @Test func aShortBatchIsSyncedByTheOneWhoMayWait() throws {
        let journal = try Batches()
        defer { journal.remove() }
        let last = try journal.writeUntilSettled()
        #expect(last == journal.number)
        #expect(try journal.onDisk == journal.written)
        #expect(try journal.thread.takeCommitted() == nil, "the thread had nothing to do")
        #expect(!journal.isWoken(within: 0))
        #expect(journal.thread.lastSyncDuration > .zero)
        #expect(journal.thread.workingFor == .zero)
    }

    @Test func theThreadSyncsWhereOthersAreToBeServed() throws {
        let journal = try Batches()
        defer { journal.remove() }
        _ = try journal.writeUntilSettled()
        journal.write("and another")
        let answer = try journal.thread.settle(waiting: false)
        #expect(answer == nil)
        #expect(try journal.awaitThread() == journal.number)
        #expect(try journal.onDisk == journal.written)
    }

    @Test func aLargeBatchIsNotWaitedFor() throws {
        let journal = try Batches()
        defer { journal.remove() }
        _ = try journal.writeUntilSettled()
        journal.write(String(repeating: "x", count: (64 << 10) + 1))
        let answer = try journal.thread.settle(waiting: fails("asked for a large batch"))
        #expect(answer == nil)
        #expect(try journal.awaitThread() == journal.number)
    }

    @Test func whatFailsIsTold() throws {
        let journal = try Batches()
        defer { journal.remove() }
        _ = try journal.writeUntilSettled()
        journal.write("nowhere", at: -1)
        #expect(throws: DiskError.self) { try journal.thread.settle(waiting: true) }
    }

    /// Whoever is told to stop in the middle of a batch does not begin it again.
    @Test func whatIsInWorkAtTheEndIsWrittenOnce() throws {
        for delay in 0..<100 as Range<UInt32> {
            let journal = try Batches()
            defer { journal.remove() }
            journal.write(String(repeating: "x", count: 100_000))
            usleep(delay)
            journal.thread.stop()
            usleep(500)
            #expect(journal.takeSignals() <= 1)
        }
    }

    @Test func aStallIsForgottenSlowly() {
        var expectation = SyncExpectation()
        #expect(!expectation.isShort)
        expectation.add(100_000)
        #expect(expectation.isShort)
        expectation.add(10_000_000)
        var quick = 0
        while !expectation.isShort {
            expectation.add(100_000)
            quick += 1
        }
        // 10 ms · (7/8)^n < 0.5 ms
        #expect(quick == 23)
        for _ in 0..<100 { expectation.add(100_000) }
        #expect(expectation.nanoseconds == 100_000)
    }

    private func fails(_ why: Comment) -> Bool {
        Issue.record(why)
        return true
    }
}

/// A segment that is written batch by batch.
private final class Batches {
    private static let segmentSize = 1 << 20
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 8)
    private let place: DiskInMemory
    private let wakeup: Wakeup
    let thread: SyncThread
    private(set) var number: UInt64 = 0
    private(set) var written = ""

    init() throws {
        place = try DiskInMemory()
        wakeup = try Wakeup()
        thread = try SyncThread(
            disk: place.disk, segmentSize: Self.segmentSize, wakeup: wakeup)
        thread.begin("segment", header: [], size: Self.segmentSize)
    }

    deinit { memory.deallocate() }

    func remove() {
        thread.stop()
        place.remove()
    }

    /// Behind what is there, or elsewhere.
    func write(_ text: String, at place: Int? = nil) {
        number += 1
        let count = text.utf8.count
        memory.copyBytes(from: text.utf8)
        let bytes = UnsafeRawBufferPointer(rebasing: memory[..<count]).bindMemory(to: UInt8.self)
        let isDurable = thread.write(
            bytes.span, to: "segment", at: place ?? written.utf8.count, number: number)
        #expect(!isDurable)
        written += text
    }

    /// One that the one who may wait has made durable. The first go to the thread: nothing is known of
    /// them yet, or something took the core away.
    func writeUntilSettled() throws -> UInt64 {
        for _ in 0..<1_000 {
            write("batch \(number + 1).")
            if let settled = try thread.settle(waiting: true) { return settled }
            _ = try awaitThread()
            usleep(1_000)
        }
        throw SystemError(operation: "settle", subject: "a batch", errno: ETIMEDOUT)
    }

    func awaitThread() throws -> UInt64? {
        #expect(isWoken(within: 10_000))
        #expect(takeSignals() == 1)
        return try thread.takeCommitted()
    }

    /// How often the thread has signalled since the last call.
    func takeSignals() -> UInt64 {
        var signals: UInt64 = 0
        return isWoken(within: 0) && read(wakeup.descriptor, &signals, 8) == 8 ? signals : 0
    }

    func isWoken(within milliseconds: Int32) -> Bool {
        var waited = pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waited, 1, milliseconds) == 1
    }

    var onDisk: String {
        get throws {
            let bytes = try place.disk.contents(of: "segment", from: 0, atMost: written.utf8.count)
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
