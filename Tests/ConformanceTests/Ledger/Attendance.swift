// SPDX-License-Identifier: Apache-2.0
// Who has spoken in which test: a test counts for a statement when it has run, and for a version
// when a client of that version has said something in it.
import Foundation
import MQTT
import Synchronization
import Testing

@testable import Scenes

/// All tests of this target, by chapter of the standard. Each is named by what it shows.
@Suite(.noted, .judged) enum Conformance {}

/// Notes each test that has run to its end.
struct Attendance: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    /// The versions heard in the test that runs.
    @TaskLocal static var heard: VersionsHeard?
    private static let noted = Mutex<[String: Set<ProtocolVersion>]>([:])

    static var evidence: [Evidence] {
        noted.withLock { $0.map { Evidence(name: $0.key, versions: $0.value) } }
    }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let heard = VersionsHeard()
        try await Self.$heard.withValue(heard) { try await function() }
        Self.noted.withLock {
            $0[test.displayName ?? test.name, default: []].formUnion(heard.all)
        }
    }
}

final class VersionsHeard: Sendable {
    private let versions = Mutex<Set<ProtocolVersion>>([])

    var all: Set<ProtocolVersion> { versions.withLock { $0 } }

    func note(_ heard: Set<ProtocolVersion>) {
        versions.withLock { $0.formUnion(heard) }
    }
}

/// When all tests have ended, compares them with the statements. Who asks for some of the tests
/// only is not told that the others are missing.
struct Judgement: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await function()
        guard Self.isWhole else { return }
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Statements.txt")
        let table = try String(contentsOf: file, encoding: .utf8)
        let ledger = Ledger(try Statement.all(in: table), Attendance.evidence)
        print("\n" + ledger.table + "\n" + Tally.shared.text)
        guard !ledger.breaches.isEmpty else { return }
        Issue.record(Comment(rawValue: ledger.breaches.joined(separator: "\n")))
    }

    private static var isWhole: Bool {
        let arguments = CommandLine.arguments
        let filters = zip(arguments, arguments.dropFirst()).filter { $0.0 == "--filter" }
        return filters.allSatisfy { ["^ConformanceTests\\.", "ConformanceTests"].contains($0.1) }
    }
}

extension Trait where Self == Attendance {
    static var noted: Self { Attendance() }
}

extension Trait where Self == Judgement {
    static var judged: Self { Judgement() }
}
