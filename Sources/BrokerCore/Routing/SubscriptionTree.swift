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

/// The subscriptions to one filter, one of a session at most.
private struct Subscribers {
    private static let fewMax = 16

    private(set) var list: ContiguousArray<Subscription> = []
    /// Where each session is in the list; kept from where a search would cost more.
    private var places: [SessionID: Int] = [:]

    private func place(of session: SessionID) -> Int? {
        places.isEmpty ? list.firstIndex { $0.session == session } : places[session]
    }

    /// True if the session is new here.
    mutating func insert(_ subscription: Subscription) -> Bool {
        if let place = place(of: subscription.session) {
            list[place] = subscription  // [MQTT-3.8.4-3]
            return false
        }
        list.append(subscription)
        if !places.isEmpty {
            places[subscription.session] = list.count - 1
        } else if list.count > Self.fewMax {
            for place in list.indices { places[list[place].session] = place }
        }
        return true
    }

    /// True if the session was here.
    mutating func remove(_ session: SessionID) -> Bool {
        guard let place = place(of: session) else { return false }
        let last = list.removeLast()
        if place < list.count { list[place] = last }
        if !places.isEmpty {
            places[last.session] = place
            places[session] = nil
        }
        return true
    }
}

/// All subscriptions by filter.
struct SubscriptionTree {
    private var tree: LevelTree<Subscribers>
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
            if list == nil { list = Subscribers() }
            return list!.insert(subscription)
        }
        if isNew { count += 1 }
        return isNew
    }

    /// True if there was one. [MQTT-3.10.4-1]
    @discardableResult
    mutating func remove(session: SessionID, filter: Span<UInt8>) -> Bool {
        guard let node = tree.find(filter) else { return false }
        let removed = tree.update(node) { list in
            let wasHere = list?.remove(session) ?? false
            if list?.list.isEmpty == true { list = nil }
            return wasHere
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
        var open = [(node: LevelTree<Subscribers>.root, depth: 0, mayBeWild: !isHidden)]
        while let (node, depth, mayBeWild) = open.popLast() {
            if mayBeWild, let rest = child(of: node, Topic.hash) { tree[rest]?.list.forEach(body) }
            guard depth < ranges.count else {
                tree[node]?.list.forEach(body)
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
        of node: LevelTree<Subscribers>.Node, _ wildcard: UInt8
    ) -> LevelTree<Subscribers>.Node? {
        let level: InlineArray<1, UInt8> = [wildcard]
        return tree.child(of: node, level.span, 0..<1)
    }
}
