// SPDX-License-Identifier: Apache-2.0
//
// `Status` and rows in words: columns for people, JSON for programs. Prints nothing itself.

extension Status {
    /// One object, stable names.
    var json: String {
        JSONText.object(
            [
                ("database", JSONText.literal(path)),
                ("rows", "\(rows)"),
                ("rejected", "\(rejected)"),
                ("duplicates_suppressed", "\(duplicatesSuppressed)"),
                ("faults", "\(faults)"),
                ("gaps", "\(gaps)"),
                ("missing", "\(missing)"),
                ("last", last?.json ?? "null"),
                ("streams", JSONText.array(streams.map(\.json))),
                ("sessions", JSONText.array(sessions.map(\.json))),
            ])
    }

    var lines: [String] {
        var lines = [
            "database    \(path)",
            "rows        \(rows)",
            "rejected    \(rejected)",
            "duplicates  \(duplicatesSuppressed) suppressed, \(faults) faults",
            "gaps        \(gaps), \(missing) readings missing now",
        ]
        if let last {
            let message = JSONText.printable("\(last.message)")
            lines.append("last row    \(message)  received \(last.receivedAt)")
        } else {
            lines.append("last row    none yet")
        }
        if !streams.isEmpty {
            lines.append("")
            lines += table(
                [["stream", "rows", "first seq", "last seq", "gaps", "missing"]]
                    + streams.map(\.cells))
        }
        if !sessions.isEmpty {
            lines.append("")
            lines += table(
                [["client", "since", "open", "suppressed", "refused", "conflicts", "lost"]]
                    + sessions.map(\.cells))
        }
        return lines
    }
}

extension Status.Stream {
    fileprivate var json: String {
        JSONText.object(
            [
                ("stream", JSONText.literal(name)),
                ("rows", "\(rows)"),
                ("first_seq", "\(range.lowerBound)"),
                ("last_seq", "\(range.upperBound)"),
                ("gaps", "\(gaps)"),
                ("missing", "\(missing)"),
            ])
    }

    fileprivate var cells: [String] {
        [
            JSONText.printable(name), "\(rows)", "\(range.lowerBound)", "\(range.upperBound)",
            "\(gaps)", "\(missing)",
        ]
    }
}

extension Status.Session {
    fileprivate var json: String {
        JSONText.object(
            [
                ("client_id", JSONText.literal(clientID)),
                ("since", JSONText.literal(since)),
                ("open", "\(open)"),
                ("duplicates_suppressed", "\(duplicatesSuppressed)"),
                ("duplicates_refused", "\(duplicatesRefused)"),
                ("identifier_conflicts", "\(identifierConflicts)"),
                ("sessions_lost", "\(sessionsLost)"),
            ])
    }

    fileprivate var cells: [String] {
        [
            JSONText.printable(clientID), since, "\(open)", "\(duplicatesSuppressed)",
            "\(duplicatesRefused)", "\(identifierConflicts)", "\(sessionsLost)",
        ]
    }
}

extension StoredRow {
    /// Columns for people, with a heading.
    static func lines(_ rows: [StoredRow]) -> [String] {
        guard !rows.isEmpty else {
            return ["no rows yet"]
        }
        let heading = [
            "message", "ts", "temperature", "pressure", "topic", "received at", "fields",
        ]
        return table([heading] + rows.map(\.cells))
    }

    private var cells: [String] {
        [
            JSONText.printable("\(message)"), ts, "\(temperature)", "\(pressure)",
            JSONText.printable(topic), receivedAt, fields.map(JSONText.printable) ?? "",
        ]
    }
}

/// As wide as the widest cell of each column, two spaces between them.
private func table(_ rows: [[String]]) -> [String] {
    guard let heading = rows.first else {
        return []
    }
    let widths = heading.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        let cells = zip(row, widths).map { cell, width in
            cell + String(repeating: " ", count: width - cell.count)
        }
        let line = cells.joined(separator: "  ")
        return String(line.reversed().drop { $0 == " " }.reversed())
    }
}
