// SPDX-License-Identifier: Apache-2.0
//
// The targets by name: each takes any bytes and throws a `Breach` where something does not hold. A
// trap of the code under test is found by whoever runs it.

enum FuzzTarget: String, CaseIterable {
    case packets
    case engine
    case conversation
    case journal
    case outbox
    case client
    case settings

    func run(_ input: [UInt8], _ planted: Planted? = nil) throws(Breach) {
        switch self {
        case .packets: try PacketsTarget.run(input, planted)
        case .engine: try EngineTarget.run(input, planted)
        case .conversation: try Conversation.run(input, planted)
        case .journal: try JournalTarget.run(input, planted)
        case .outbox: try OutboxTarget.run(input, planted)
        case .client: try ClientTarget.run(input, planted)
        case .settings: try SettingsTarget.run(input, planted)
        }
    }
}
