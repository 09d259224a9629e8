// SPDX-License-Identifier: Apache-2.0
//
// A publisher's folder of arbitrary files: its outbox is read or refused, and as a checkpoint it is
// the same outbox.
import Journal
import MQTT

@testable import ClientCore

enum OutboxTarget {
    static func run(_ input: [UInt8], _ planted: Planted?) throws(Breach) {
        var script = Script(input)
        let disk = ScriptedDisk(&script)
        var outbox = Outbox()
        let isSmall = BoundedOutbox.isSmall(disk)
        guard isSmall, (try? Recovery.read(disk, into: &outbox)) != nil else { return }
        let home = LoggedHome()
        var journal = Journal(home: home)
        outbox.write(into: &journal)
        journal.submit()
        var copy = Outbox()
        do throws(RecordError) {
            for batch in home.batches { try copy.batch(batch.span) }
        } catch {
            throw Breach("a checkpoint of ours cannot be read: \(error)")
        }
        if planted == .forgottenSession, copy.knowsSession { copy = Outbox() }
        try OutboxComparison.compare(outbox, copy)
    }
}

enum OutboxComparison {
    static func compare(_ one: borrowing Outbox, _ other: borrowing Outbox) throws(Breach) {
        try require(one.standings == other.standings, "messages stand elsewhere")
        try require(one.sendingOrder == other.sendingOrder, "resends have another order")
        try require(one.nextNumber == other.nextNumber, "the next number is another")
        try require(one.note == other.note, "the note is another")
        try require(one.lastDelivery == other.lastDelivery, "the last delivery is another")
        try require(one.knowsSession == other.knowsSession, "the session is another")
    }
}

/// Numbers may be passed over, and memory is made for them: not for a fuzzer.
private enum BoundedOutbox {
    static func isSmall(_ disk: ScriptedDisk) -> Bool {
        var isSmall = true
        _ = try? Inspection(of: disk) { record, bytes, _, _ in
            guard let kind = OutboxRecordKind(rawValue: record.kind),
                let fact = OutboxFact(kind, bytes, record.content)
            else { return }
            switch fact {
            case .numbered(let next), .damaged(let next):
                // Near the end of all numbers there is nothing to pass over either.
                if 10_000...UInt64.max - 10_000 ~= next.rawValue { isSmall = false }
            default: return
            }
        }
        return isSmall
    }
}
