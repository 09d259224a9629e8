// SPDX-License-Identifier: Apache-2.0
// The last retained message of each topic: a tree of topic levels, searched with filters.
import MQTT

/// Retained messages by topic. It names messages and holds none: `State` counts the holders.
struct RetainedMessages: ~Copyable {
    var tree: LevelTree<Retained>
    private(set) var expiry = RetainedExpiry()
    /// Searches that have not been ended, and all that ever began.
    var searchesOpen = 0
    var searchesBegun: UInt64 = 0
    /// What was retained while searches were open, and how many had begun by then.
    var young: [MessageID: UInt64] = [:]

    init(seed: UInt64) {
        tree = LevelTree(seed: seed)
    }

    var count: Int { tree.valueCount }

    /// Makes `message` the topic's retained message until it expires, or leaves the topic without
    /// one. Returns the one before. [MQTT-3.3.1-5], [MQTT-3.3.1-6]
    mutating func replace(
        topic: Span<UInt8>, with message: MessageID?, expiring expires: Instant
    ) -> MessageID? {
        guard let node = message == nil ? tree.find(topic) : tree.make(topic) else { return nil }
        let before = tree[node]
        if let rank = before?.rank { expiry.remove(at: rank, in: &tree) }
        tree.update(node) { $0 = message.map { Retained($0) } }
        if message != nil, expires != .distantFuture {
            expiry.insert(node, expiring: expires, in: &tree)
        }
        if searchesOpen > 0 {
            if let before { young[before.message] = nil }
            if let message { young[message] = searchesBegun }
        }
        return before?.message
    }

    func message(of topic: Span<UInt8>) -> MessageID? {
        tree.find(topic).flatMap { tree[$0]?.message }
    }

    /// The next to expire, and when that is.
    var next: (expires: Instant, message: MessageID)? {
        expiry.next.map { ($0.expires, tree[$0.topic]!.message) }
    }

    /// Calls `body` with every retained message, in no order that means anything.
    func forEach(_ body: (MessageID) -> Void) {
        tree.forEachValue { body($0.message) }
    }
}
