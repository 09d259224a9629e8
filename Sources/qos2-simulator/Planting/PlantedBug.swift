// SPDX-License-Identifier: Apache-2.0
// Bugs that the checkers must notice, planted at the seams of the simulation, so that the product
// itself has no switch for them.
import ClientCore
import Journal

enum PlantedBug: String, CaseIterable {
    case earlyAcknowledgement = "early-acknowledgement"
    case connackBeforeCommit = "connack-before-commit"
    case forgottenIdentifier = "forgotten-identifier"
    case identifierNotDurable = "identifier-not-durable"
    case pubrelAsPublish = "pubrel-as-publish"
    case missingFolderSync = "missing-folder-sync"
    case ignoredSyncError = "ignored-sync-error"
    case unconfirmedTail = "unconfirmed-tail"
    /// Something that the seed does not decide.
    case foreignRandomness = "foreign-randomness"

    /// Which batches of the broker count as durable before they are.
    var hastiness: ([UInt8]) -> Bool {
        switch self {
        case .earlyAcknowledgement: { _ in true }
        case .connackBeforeCommit: { Self.opensSession($0) }
        default: { _ in false }
        }
    }

    func plant(in world: World) {
        switch self {
        case .missingFolderSync: for node in world.nodes { node.disk.flaw = .ignoresFolderSync }
        case .ignoredSyncError: for node in world.nodes { node.disk.flaw = .hidesFailedSync }
        case .unconfirmedTail: for node in world.nodes { node.disk.flaw = .showsWhatItForgot }
        case .forgottenIdentifier:
            for node in world.nodes { node.database.forgetsIdentifiers = true }
        case .identifierNotDurable: world.filter = ForgetsIdentifiers(world)
        case .pubrelAsPublish: world.filter = PublishesAgain()
        case .foreignRandomness:
            world.random = SeededGenerator(seed: UInt64.random(in: .min ... .max))
        case .earlyAcknowledgement, .connackBeforeCommit: break
        }
    }

    /// Whether a batch holds `opened` or `resumed`, and nothing else.
    private static func opensSession(_ batch: [UInt8]) -> Bool {
        var at = 0
        while let record = try? Record.read(batch.span, at: at) {
            guard record.kind == 1 || record.kind == 2 else { return false }
            at = record.content.upperBound
        }
        return true
    }
}
