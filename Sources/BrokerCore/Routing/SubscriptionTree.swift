// SPDX-License-Identifier: Apache-2.0
// Who has subscribed to what: a tree of filter levels, walked with a topic name. The walk costs
// as much as the topic is deep, however many subscriptions there are.
import MQTT

/// One filter of one session, as SUBSCRIBE asked for it.
package struct Subscription: Equatable, Sendable {
    package var session: SessionID
    package var options: SubscriptionOptions
    /// 0 where the client gave none.
    package var identifier: UInt32
}

/// All subscriptions by filter.
struct SubscriptionTree {
    private var tree: LevelTree<[Subscription]>
    /// Moves with every change: what was resolved under another epoch is out of date.
    private(set) var epoch: UInt64 = 1
    private(set) var count = 0

    init(seed: UInt64) {
        tree = LevelTree(seed: seed)
    }

    /// Adds a subscription or replaces the one to an equal filter. True if it is new.
    @discardableResult
    mutating func insert(_ subscription: Subscription, filter: Span<UInt8>) -> Bool {
        epoch += 1
        let isNew = tree.update(tree.make(filter)) { list in
            if let at = list?.firstIndex(where: { $0.session == subscription.session }) {
                list?[at] = subscription  // [MQTT-3.8.4-3]
                return false
            }
            list = (list ?? []) + [subscription]
            return true
        }
        if isNew { count += 1 }
        return isNew
    }

    /// True if there was one. [MQTT-3.10.4-1]
    @discardableResult
    mutating func remove(session: SessionID, filter: Span<UInt8>) -> Bool {
        guard let node = tree.find(filter) else { return false }
        let removed = tree.update(node) { list in
            guard let at = list?.firstIndex(where: { $0.session == session }) else { return false }
            list?.remove(at: at)
            if list?.isEmpty == true { list = nil }
            return true
        }
        if removed {
            count -= 1
            epoch += 1
        }
        return removed
    }

    /// Calls `body` with every subscription whose filter matches `topic`.
    func forEachMatch(topic: Span<UInt8>, _ body: (Subscription) -> Void) {
        var levels = TopicLevels(topic.indices)
        var ranges: [Range<Int>] = []
        while let level = levels.next(in: topic) {
            ranges.append(level)
        }
        // [MQTT-4.7.2-1]
        let isHidden = !topic.isEmpty && topic[0] == Topic.dollar
        // On the heap and not on the stack: strangers choose how many levels a topic has.
        var open = [(node: LevelTree<[Subscription]>.root, depth: 0, mayBeWild: !isHidden)]
        while let (node, depth, mayBeWild) = open.popLast() {
            if mayBeWild, let rest = child(of: node, Topic.hash) { tree[rest]?.forEach(body) }
            guard depth < ranges.count else {
                tree[node]?.forEach(body)
                continue
            }
            if mayBeWild, let next = child(of: node, Topic.plus) {
                open.append((next, depth + 1, true))
            }
            if let next = tree.child(of: node, topic, ranges[depth]) {
                open.append((next, depth + 1, true))
            }
        }
    }

    private func child(
        of node: LevelTree<[Subscription]>.Node, _ wildcard: UInt8
    ) -> LevelTree<[Subscription]>.Node? {
        let level: InlineArray<1, UInt8> = [wildcard]
        return tree.child(of: node, level.span, 0..<1)
    }
}
