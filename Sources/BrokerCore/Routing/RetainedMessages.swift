// SPDX-License-Identifier: Apache-2.0
// The last retained message of each topic: a tree of topic levels, walked with a filter.
import MQTT

/// Retained messages by topic. It names messages and holds none: `State` counts the holders.
struct RetainedMessages: ~Copyable {
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

    func message(of topic: Span<UInt8>) -> MessageID? {
        tree.find(topic).flatMap { tree[$0] }
    }

    /// Calls `body` with every retained message, in no order that means anything.
    func forEach(_ body: (MessageID) -> Void) {
        walkAll(below: LevelTree<MessageID>.root, isFirst: false, body)
    }

    /// Calls `body` with the retained message of every topic that `filter` matches.
    func forEachMatch(filter: Span<UInt8>, _ body: (MessageID) -> Void) {
        var levels = TopicLevels(filter.indices)
        var ranges: [Range<Int>] = []
        while let level = levels.next(in: filter) {
            ranges.append(level)
        }
        // On the heap and not on the stack: strangers choose how many levels a filter has.
        var open = [(node: LevelTree<MessageID>.root, depth: 0)]
        while let (node, depth) = open.popLast() {
            guard depth < ranges.count else {
                if let message = tree[node] { body(message) }
                continue
            }
            let level = ranges[depth]
            let wildcard = level.count == 1 ? filter[level.lowerBound] : 0
            switch wildcard {
            case Topic.hash:
                if let message = tree[node] { body(message) }
                walkAll(below: node, isFirst: depth == 0, body)
            case Topic.plus:
                tree.forEachChild(of: node) { child in
                    if depth == 0, tree.beginsWithDollar(child) { return }  // [MQTT-4.7.2-1]
                    open.append((child, depth + 1))
                }
            default:
                if let child = tree.child(of: node, filter, level) {
                    open.append((child, depth + 1))
                }
            }
        }
    }

    private func walkAll(
        below start: LevelTree<MessageID>.Node, isFirst: Bool, _ body: (MessageID) -> Void
    ) {
        var open: [LevelTree<MessageID>.Node] = []
        tree.forEachChild(of: start) { child in
            if isFirst, tree.beginsWithDollar(child) { return }  // [MQTT-4.7.2-1]
            open.append(child)
        }
        while let node = open.popLast() {
            if let message = tree[node] { body(message) }
            tree.forEachChild(of: node) { open.append($0) }
        }
    }
}
