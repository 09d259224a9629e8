// SPDX-License-Identifier: Apache-2.0
//
// What became of one message, in words that the log and the counters need. All of them are answered
// alike: PUBREC after the commit.

/// The name of a message through all programs: `plc-line1/1042`.
struct MessageID: Hashable, CustomStringConvertible {
    let stream: String
    let seq: Int64

    var description: String {
        "\(stream)/\(seq)"
    }
}

/// How a sequence number follows those that its stream has had so far.
enum Continuity: Equatable {
    case first
    case next
    /// Numbers are missing in between; a late one may still fill the gap.
    case gap(expected: Int64)
    /// Below the highest number so far.
    case late
}

enum Outcome: Equatable {
    /// A row was added.
    case stored(MessageID, Continuity)

    /// Ours already, only the answer was lost: nothing is added. [MQTT-4.3.3-10]
    case repeated(MessageID?)

    /// Fault: the identifier stands for another message, whose PUBREL has not come. The protocol says
    /// repeat, so it is none of the rows; the table `rejected` keeps it, lest it vanish.
    case identifierConflict(recorded: MessageID?, arrived: MessageID?)

    /// Fault: a new identifier brought a stream and seq that are stored already, and only the
    /// second lock, the key of the table, kept them from being double. If the payload differs, the
    /// message is kept in `rejected`.
    case duplicateRow(MessageID, samePayload: Bool)

    /// No reading; it is in `rejected`, with the reason.
    case rejected(PayloadError)

    /// The sender broke a promise: to be logged as an error.
    var isFault: Bool {
        switch self {
        case .identifierConflict, .duplicateRow: true
        case .stored, .repeated, .rejected: false
        }
    }
}

/// What a PUBREL found. Both are answered with PUBCOMP, the second in MQTT 5 with 0x92.
enum Release: Equatable {
    /// Forgotten now. The message is nil if it was rejected.
    case released(MessageID?)
    case unknownIdentifier
}

/// What one transaction has made durable.
struct CommitReport: Equatable {
    var rows = 0
    var rejected = 0
    var repeated = 0
    var faults = 0
    var released = 0
    /// The first and last row that was added, for the log line.
    var first: MessageID?
    var last: MessageID?

    mutating func count(_ outcome: Outcome) {
        switch outcome {
        case .stored(let message, _):
            rows += 1
            first = first ?? message
            last = message
        case .repeated: repeated += 1
        case .rejected: rejected += 1
        case .identifierConflict, .duplicateRow: faults += 1
        }
    }
}
