// SPDX-License-Identifier: Apache-2.0
// The last retained message of each topic: a tree of topic levels, walked with a filter.
import MQTT

/// Retained messages by topic. It names messages and holds none: `State` counts the holders.
struct RetainedMessages {
    private var tree: LevelTree<MessageID>

    init(seed: UInt64) {
        tree = LevelTree(seed: seed)
    }

    var count: Int { tree.valueCount }

    /// Makes `message` the topic's retained message, or leaves the topic without one. Returns the
    /// one before. [MQTT-3.3.1-5], [MQTT-3.3.1-6]
    mutating func replace(topic: Span<UInt8>, with message: MessageID?) -> MessageID? {
        guard let node = message == nil ? tree.find(topic) : tree.make(topic) else { return nil }
        return tree.update(node) { value in
            let before = value
            value = message
            return before
        }
    }

    /// Calls `body` with the retained message of every topic that `filter` matches.
    func forEachMatch(filter: Span<UInt8>, _ body: (MessageID) -> Void) {
        var levels = TopicLevels(filter.indices)
        var ranges: [Range<Int>] = []
        while let level = levels.next(in: filter) {
            ranges.append(level)
        }
        walk(LevelTree<MessageID>.root, filter, ranges[...], isFirst: true, body)
    }

    private func walk(
        _ node: LevelTree<MessageID>.Node, _ filter: Span<UInt8>,
        _ levels: ArraySlice<Range<Int>>, isFirst: Bool, _ body: (MessageID) -> Void
    ) {
        guard let level = levels.first else {
            if let message = tree[node] { body(message) }
            return
        }
        let wildcard = level.count == 1 ? filter[level.lowerBound] : 0
        let rest = levels.dropFirst()
        switch wildcard {
        case Topic.hash:
            if let message = tree[node] { body(message) }
            walkAll(below: node, isFirst: isFirst, body)
        case Topic.plus:
            tree.forEachChild(of: node) { child in
                if isFirst, tree.beginsWithDollar(child) { return }  // [MQTT-4.7.2-1]
                walk(child, filter, rest, isFirst: false, body)
            }
        default:
            guard let child = tree.child(of: node, filter, level) else { return }
            walk(child, filter, rest, isFirst: false, body)
        }
    }

    private func walkAll(
        below node: LevelTree<MessageID>.Node, isFirst: Bool, _ body: (MessageID) -> Void
    ) {
        tree.forEachChild(of: node) { child in
            if isFirst, tree.beginsWithDollar(child) { return }
            if let message = tree[child] { body(message) }
            walkAll(below: child, isFirst: false, body)
        }
    }
}
