// SPDX-License-Identifier: Apache-2.0
// Every checker notices the bug that it is for, judging alone, within a bounded number of seeds; and
// the same seeds pass without the bug.
import Testing

@testable import qos2_simulator

@Suite struct PlantedBugTests {
    struct Case: CustomStringConvertible {
        let bug: PlantedBug
        let checker: String
        /// It must be noticed among this many seeds, from `first` on.
        var first: UInt64 = 1
        var seeds: UInt64 = 20

        var description: String { "\(bug.rawValue) by \(checker)" }
    }

    static let cases = [
        Case(bug: .earlyAcknowledgement, checker: "gates"),
        Case(bug: .earlyAcknowledgement, checker: "ledger"),
        Case(bug: .earlyAcknowledgement, checker: "liveness"),
        Case(bug: .connackBeforeCommit, checker: "gates"),
        Case(bug: .connackBeforeCommit, checker: "protocol"),
        Case(bug: .forgottenIdentifier, checker: "ledger"),
        Case(bug: .identifierNotDurable, checker: "gates"),
        Case(bug: .identifierNotDurable, checker: "ledger", seeds: 50),
        Case(bug: .pubrelAsPublish, checker: "protocol", seeds: 50),
        Case(bug: .missingFolderSync, checker: "recovery"),
        // Segments are begun seldom, because a start goes on in the last one.
        Case(bug: .missingFolderSync, checker: "order", first: 400),
        Case(bug: .ignoredSyncError, checker: "gates"),
        // Recovery writes the last segment back, which heals most of it: few seeds show more.
        Case(bug: .ignoredSyncError, checker: "recovery", first: 790),
        Case(bug: .unconfirmedTail, checker: "recovery"),
        Case(bug: .unconfirmedTail, checker: "ledger"),
        Case(bug: .foreignRandomness, checker: "determinism"),
    ]

    @Test(arguments: cases) func itIsNoticed(_ example: Case) {
        for seed in example.first..<example.first + example.seeds {
            let world = Determinism.run(seed, bug: example.bug, only: [example.checker])
            guard let failure = world.failure else { continue }
            #expect(failure.checker == example.checker)
            let sound = Determinism.run(seed)
            #expect(sound.failure == nil, "seed \(seed)")
            return
        }
        Issue.record("\(example) was not noticed in \(example.seeds) seeds")
    }

    /// All together, at once.
    @Test(arguments: PlantedBug.allCases) func noBugLivesLong(_ bug: PlantedBug) {
        #expect((1...20).contains { Determinism.run($0, bug: bug).failure != nil })
    }
}
