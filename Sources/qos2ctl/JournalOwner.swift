// SPDX-License-Identifier: Apache-2.0
// Whose journal it is, which its kinds of records tell, and what a start of that program would find
// in it.
import BrokerCore
import ClientCore
import Journal
import Reactor

enum JournalOwner {
    case nobody
    case broker
    case publisher

    /// The two share no kind of record.
    func with(_ kind: UInt16) -> JournalOwner {
        OutboxRecordKind(rawValue: kind) == nil ? .broker : .publisher
    }

    func state(in folder: String) -> (text: String, isWhole: Bool) {
        do throws(RecoveryError) {
            switch self {
            case .nobody: return ("no records", true)
            case .broker:
                let replay: Replay = try readStore(folder: folder)
                return (
                    "a broker's: \(replay.sessionCount) sessions, \(replay.messageCount) messages",
                    true
                )
            case .publisher:
                let outbox: Outbox = try readStore(folder: folder)
                return (
                    "a publisher's: \(outbox.count) messages, next \(outbox.nextNumber.rawValue)",
                    true
                )
            }
        } catch {
            return ("a start would refuse it: \(error)", false)
        }
    }
}
