// SPDX-License-Identifier: Apache-2.0
// Group commit: which batch a gate belongs to, and that one batch is in flight at a time.
import Testing

@testable import Journal

@Suite struct JournalTests {
    private final class LateHome: Journal.Home {
        var batches: [(number: UInt64, bytes: [UInt8])] = []

        func commit(_ batch: Span<UInt8>, number: UInt64) -> Bool {
            batches.append((number, batch.indices.map { batch[$0] }))
            return false
        }
    }

    private func append(_ byte: UInt8, to journal: inout Journal) {
        journal.append(kind: 7, atMost: 1) { $0.append(byte) }
    }

    @Test func gatesNameTheBatchThatTheirFactIsIn() {
        let home = LateHome()
        var journal = Journal(home: home)
        #expect(journal.tail == .none)
        #expect(journal.isSettled == true)
        append(1, to: &journal)
        #expect(journal.tail == Gate(batch: 1))
        #expect(journal.isSettled == false)
        journal.submit()
        #expect(journal.tail == Gate(batch: 1))
        #expect(journal.durable == .none)
        // Behind the batch in flight, the next one gathers.
        append(2, to: &journal)
        append(3, to: &journal)
        #expect(journal.tail == Gate(batch: 2))
        journal.submit()
        #expect(home.batches.count == 1)
        journal.committed(1)
        #expect(journal.durable == Gate(batch: 1))
        #expect(journal.tail == Gate(batch: 2))
        journal.submit()
        journal.committed(2)
        #expect(journal.durable == Gate(batch: 2))
        #expect(journal.tail == journal.durable)
        #expect(journal.isSettled == true)
        #expect(journal.recordsAppended == 3)
        #expect(home.batches.map(\.number) == [1, 2])
        #expect(
            home.batches.map(\.bytes) == [
                [7, 0, 0, 0, 1, 0, 0, 0, 1],
                [7, 0, 0, 0, 1, 0, 0, 0, 2, 7, 0, 0, 0, 1, 0, 0, 0, 3],
            ])
    }

    /// What is attached is part of its record, and let go of when that is durable.
    @Test func attachmentsStayUntilTheirBatchIsDurable() {
        let home = LateHome()
        var journal = Journal(home: home)
        let memory: [UInt8] = [5, 6, 7]
        memory.withUnsafeBytes { memory in
            append(1, to: &journal)
            journal.append(kind: 7, atMost: 1, attaching: memory, token: 41) { $0.append(4) }
            append(2, to: &journal)
            #expect(journal.bytesStaged == 9 + 12 + 9)
            journal.submit()
            journal.append(kind: 7, atMost: 0, attaching: memory, token: 42) { _ in }
            #expect(journal.takeWritten() == nil)
            journal.committed(1)
            #expect(journal.takeWritten() == 41)
            #expect(journal.takeWritten() == nil)
            journal.submit()
            journal.committed(2)
            #expect(journal.takeWritten() == 42)
        }
        #expect(
            home.batches.map(\.bytes) == [
                [7, 0, 0, 0, 1, 0, 0, 0, 1]
                    + [7, 0, 0, 0, 4, 0, 0, 0, 4, 5, 6, 7]
                    + [7, 0, 0, 0, 1, 0, 0, 0, 2],
                [7, 0, 0, 0, 3, 0, 0, 0, 5, 6, 7],
            ])
    }

    @Test func nothingIsSubmittedWhereNothingIsStaged() {
        let home = LateHome()
        var journal = Journal(home: home)
        journal.submit()
        #expect(home.batches.isEmpty)
        #expect(journal.hasStaged == false)
        #expect(journal.tail == .none)
    }

    @Test func aHomeInMemoryIsDurableAtOnce() {
        for keeps in [false, true] {
            let home = MemoryHome(keepsBatches: keeps)
            var journal = Journal(home: home)
            for byte in 1...3 as ClosedRange<UInt8> {
                append(byte, to: &journal)
                journal.submit()
                #expect(journal.durable == Gate(batch: UInt64(byte)))
                #expect(journal.isSettled == true)
            }
            #expect(home.batches.count == (keeps ? 3 : 0))
        }
    }

    /// No bytes may leave before the batch that their gate names, however the turns fall.
    @Test func whateverIsStagedIsInTheBatchOfItsGate() {
        for seed in 0..<50 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            let home = LateHome()
            var journal = Journal(home: home)
            var gates: [(byte: UInt8, gate: Gate)] = []
            var committed: UInt64 = 0
            for step in 0..<200 {
                switch Int.random(in: 0..<4, using: &random) {
                case 0, 1:
                    append(UInt8(step), to: &journal)
                    gates.append((UInt8(step), journal.tail))
                case 2: journal.submit()
                default:
                    guard UInt64(home.batches.count) > committed else { continue }
                    committed += 1
                    journal.committed(committed)
                }
                #expect(UInt64(home.batches.count) - committed <= 1)
                #expect(journal.durable == Gate(batch: committed))
            }
            for (number, bytes) in home.batches {
                let inBatch = stride(from: 8, to: bytes.count, by: 9).map { bytes[$0] }
                #expect(inBatch == gates.filter { $0.gate.batch == number }.map(\.byte))
            }
        }
    }
}
