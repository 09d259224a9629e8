// SPDX-License-Identifier: Apache-2.0
//
// The outbox as the state of a journal: records become facts again and are applied by the same
// `apply` that the living client uses; and the outbox as the shortest list of records, which is what
// a checkpoint holds. A fact that does not fit is refused with its place, where applying it would
// trap.
import Journal
import MQTT

extension Outbox: ReplayedState {
    /// Numbers that are passed over at one time, at most: memory is made for them.
    private static let skippedMax: UInt64 = 1 << 26

    package mutating func batch(_ records: Span<UInt8>) throws(RecordError) {
        var at = 0
        while let record = try Record.read(records, at: at) {
            guard let kind = OutboxRecordKind(rawValue: record.kind) else {
                throw .unknownKind(record.kind, at: at)
            }
            guard let fact = OutboxFact(kind, records, record.content), fits(fact) else {
                throw .malformed(at: at)
            }
            apply(fact)
            at = record.content.upperBound
        }
    }

    package func write(into journal: inout Journal) {
        forEachFact { fact in
            fact.append(to: &journal)
            journal.submitIfLarge()
        }
    }

    private func fits(_ fact: OutboxFact) -> Bool {
        switch fact {
        case .enqueued(let number, _): number == nextNumber
        case .sent(let number, let id):
            number == nextWaiting && !isOpen(id) && self[number]?.qos != .atMostOnce
        case .acknowledged(let id): flight(id)?.flow == .published2
        case .completed(let id, _, _), .returned(let id, _): isOpen(id)
        case .removed(let number, _): number == nextWaiting
        case .sessionLost, .sessionBegun, .noted, .delivered: true
        case .numbered(let number), .damaged(let number):
            number >= nextNumber
                && (isEmpty || number.rawValue - nextNumber.rawValue <= Self.skippedMax)
        case .flying(let number, let id, let flow):
            isWaiting(number) && !isOpen(id) && fits(flow, self[number]?.qos)
        }
    }

    private func fits(_ flow: OutboundFlow, _ qos: QoS?) -> Bool {
        switch flow {
        case .published1: qos == .atLeastOnce
        case .published2, .released: qos == .exactlyOnce
        }
    }
}

extension OutboxFact {
    func append(to journal: inout Journal) {
        journal.append(kind: recordKind.rawValue, atMost: recordSizeMax) { write(to: &$0) }
    }
}
