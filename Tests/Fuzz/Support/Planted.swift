// SPDX-License-Identifier: Apache-2.0
//
// Bugs to be found: a fuzzer that misses one is not worth its electricity. Each sits between the code
// under test and the judges of one target.

enum Planted: String, CaseIterable {
    /// packets: `#` in a filter is taken for a level that must be there.
    case parentForgotten
    /// engine: answers leave while the facts that they follow from are still on their way.
    case openGates
    /// conversation: a crash takes the last batch along although it was durable.
    case forgottenBatch
    /// journal: writing goes on at the front of the last segment.
    case writtenOver
    /// outbox: a checkpoint in which the session is known is read as empty.
    case forgottenSession
    /// client: packets leave while the facts that they follow from are still on their way.
    case ungatedOutbox
    /// settings: a comment behind a space is taken for an entry.
    case indentedComment

    var target: FuzzTarget {
        switch self {
        case .parentForgotten: .packets
        case .openGates: .engine
        case .forgottenBatch: .conversation
        case .writtenOver: .journal
        case .forgottenSession: .outbox
        case .ungatedOutbox: .client
        case .indentedComment: .settings
        }
    }
}
