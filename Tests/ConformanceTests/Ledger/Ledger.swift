// SPDX-License-Identifier: Apache-2.0
// Compares the statements of the standards with the tests that have run: what is owed and missing,
// what is named and unknown, and the table that the ring ends with.
import MQTT

/// One test function that has run to its end, with all its cases.
struct Evidence {
    let name: String
    /// The versions whose clients have spoken in it.
    let versions: Set<ProtocolVersion>
}

struct Ledger {
    let statements: [Statement]
    /// Indices of `statements` that a test has shown, by version.
    private(set) var shown: [ProtocolVersion: Set<Int>] = [:]
    private(set) var breaches: [String] = []

    init(_ statements: [Statement], _ evidence: [Evidence]) {
        self.statements = statements
        for evidence in evidence.sorted(by: { $0.name < $1.name }) { take(evidence) }
        for index in statements.indices { close(index) }
    }

    private mutating func take(_ evidence: Evidence) {
        let citations = Citation.all(in: evidence.name)
        if citations.isEmpty { breaches.append("'\(evidence.name)' names no statement") }
        for citation in citations {
            guard let index = statements.firstIndex(where: { $0.isMeant(by: citation) }) else {
                breaches.append("'\(evidence.name)' names \(citation.id), which is not known so")
                continue
            }
            for version in citation.version.map({ [$0] }) ?? statements[index].versions {
                if evidence.versions.contains(version) {
                    shown[version, default: []].insert(index)
                } else {
                    breaches.append("'\(evidence.name)' speaks no \(version.number)")
                }
            }
        }
    }

    private mutating func close(_ index: Int) {
        let statement = statements[index]
        let missing = statement.versions.filter { !isShown(index, $0) }
        if statement.excuse != nil, missing.count < statement.versions.count {
            breaches.append("\(statement.title): has a test, and a reason why it has none")
        }
        if statement.excuse == nil, statement.isOwed, !missing.isEmpty {
            let versions = missing.map(\.number).joined(separator: " and ")
            breaches.append("\(statement.title): has no test for \(versions)")
        }
    }

    private func isShown(_ index: Int, _ version: ProtocolVersion) -> Bool {
        shown[version]?.contains(index) ?? false
    }
}

extension Statement {
    /// A name without a version means what both have.
    fileprivate func isMeant(by citation: Citation) -> Bool {
        guard id == citation.id else { return false }
        guard let version = citation.version else {
            return versions.count == 2 || !id.first!.isNumber
        }
        return versions.contains(version)
    }
}

extension Ledger {
    /// Chapters down, versions across: statements shown of those that bind a server, and how many
    /// that bind clients alone are shown by the answer to their breach.
    var table: String {
        var lines = [
            "chapter                                  3.1.1: server client     5.0: server client"
        ]
        var chapters: [String] = []
        for statement in statements where chapters.last != statement.chapter {
            chapters.append(statement.chapter)
        }
        for chapter in chapters { lines.append(row(chapter) { $0.chapter == chapter }) }
        lines.append(row("all") { _ in true })
        return
            (lines + excuses("not for a server to show") { $0.unseenReason }
            + excuses("PENDING") { $0.pendingReason }).joined(separator: "\n")
    }

    private func row(_ name: String, _ isOurs: (Statement) -> Bool) -> String {
        var row = name.padded(to: 41)
        for version in [ProtocolVersion.v311, .v5] {
            let ours = statements.indices.filter {
                isOurs(statements[$0]) && statements[$0].versions.contains(version)
            }
            let owed = ours.filter { statements[$0].isOwed }
            let others = ours.filter { !statements[$0].isOwed }
            row += (count(owed, version).leftPadded(to: 13) + " " + count(others, version))
                .padded(to: 25)
        }
        return row
    }

    private func count(_ indices: [Int], _ version: ProtocolVersion) -> String {
        "\(indices.filter { isShown($0, version) }.count)/\(indices.count)"
    }

    private func excuses(
        _ title: String, _ reason: (Statement.Excuse) -> String?
    ) -> [String] {
        let lines = statements.compactMap { statement in
            statement.excuse.flatMap(reason).map { "  \(statement.title): \($0)" }
        }
        return lines.isEmpty ? [] : ["\(title): \(lines.count)"] + lines
    }
}

extension Statement.Excuse {
    fileprivate var unseenReason: String? {
        if case .unseen(let reason) = self { reason } else { nil }
    }

    fileprivate var pendingReason: String? {
        if case .pending(let reason) = self { reason } else { nil }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }

    fileprivate func leftPadded(to width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }
}
