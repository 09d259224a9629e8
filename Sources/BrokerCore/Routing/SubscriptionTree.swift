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
    /// Who gets what matches one filter.
    struct Takers {
        private struct Crowd {
            var subscribers = Subscribers()
            var shares: [ShareID] = []
        }

        /// Most filters have one subscriber and no share: that one is here, and all else is apart.
        private var only: Subscription?
        /// None or one: an array of one is a box that is copied when it must be.
        private var crowd: ContiguousArray<Crowd> = []

        /// One member of each gets a message.
        var shares: [ShareID] { crowd.first?.shares ?? [] }

        fileprivate var isEmpty: Bool { only == nil && crowd.isEmpty }

        /// Calls `body` with each that gets every message.
        func forEachSubscriber(_ body: (Subscription) -> Void) {
            if let only { body(only) }
            crowd.first?.subscribers.list.forEach(body)
        }

        fileprivate mutating func insert(_ subscription: Subscription) -> Bool {
            guard let only, only.session != subscription.session else {
                let isCrowd = crowd.first.map { !$0.subscribers.list.isEmpty } ?? false
                if isCrowd { return crowd[0].subscribers.insert(subscription) }
                defer { self.only = subscription }  // [MQTT-3.8.4-3]
                return only == nil
            }
            changeCrowd {
                _ = $0.subscribers.insert(only)
                _ = $0.subscribers.insert(subscription)
            }
            self.only = nil
            return true
        }

        fileprivate mutating func remove(_ session: SessionID) -> Bool {
            if only?.session == session {
                only = nil
                return true
            }
            guard !crowd.isEmpty else { return false }
            var wasHere = false
            changeCrowd { wasHere = $0.subscribers.remove(session) }
            return wasHere
        }

        fileprivate mutating func add(_ share: ShareID) {
            changeCrowd { $0.shares.append(share) }
        }

        fileprivate mutating func remove(_ share: ShareID) {
            changeCrowd { crowd in crowd.shares.removeAll { $0 == share } }
        }

        private mutating func changeCrowd(_ change: (inout Crowd) -> Void) {
            if crowd.isEmpty { crowd.append(Crowd()) }
            change(&crowd[0])
            if crowd[0].subscribers.list.isEmpty, crowd[0].shares.isEmpty { crowd = [] }
        }
    }

    private var tree: LevelTree<Takers>
    private(set) var shared = SharedSubscriptions()
    /// Moves with every change: what was resolved under another epoch is out of date.
    private(set) var epoch: UInt64 = 1
    private(set) var count = 0

    init(seed: UInt64) {
        tree = LevelTree(seed: seed)
    }

    /// Adds a subscription or replaces the one to an equal filter. True if it is new.
    @discardableResult
    mutating func insert(_ subscription: Subscription, filter: Span<UInt8>) -> Bool {
        let isNew: Bool
        if let topics = Self.sharedTopics(filter) {
            isNew = join(subscription, filter, topics)
        } else {
            epoch += 1
            isNew = tree.update(tree.make(filter)) { takers in
                if takers == nil { takers = Takers() }
                return takers!.insert(subscription)
            }
        }
        if isNew { count += 1 }
        return isNew
    }

    /// True if there was one. [MQTT-3.10.4-1]
    @discardableResult
    mutating func remove(session: SessionID, filter: Span<UInt8>) -> Bool {
        let wasHere: Bool
        if let topics = Self.sharedTopics(filter) {
            wasHere = leave(session, filter, topics)
        } else {
            wasHere = change(filter) { $0.remove(session) }
            if wasHere { epoch += 1 }
        }
        if wasHere { count -= 1 }
        return wasHere
    }

    /// The next message of a share begins its search for a taker behind `place`.
    mutating func took(_ share: ShareID, at place: Int) {
        shared.took(share, at: place)
    }

    /// The number of a shared subscription that a journal names by its text.
    mutating func share(named filter: [UInt8]) -> ShareID {
        shared.make(filter)
    }

    mutating func forgetShares(exceptUsed used: Set<ShareID>) {
        shared.keep(only: used)
    }

    private mutating func join(
        _ subscription: Subscription, _ filter: Span<UInt8>, _ topics: Range<Int>
    ) -> Bool {
        let share = shared.make(filter.indices.map { filter[$0] })
        if shared[share].members.list.isEmpty {
            epoch += 1
            tree.update(tree.make(filter.extracting(topics))) { takers in
                if takers == nil { takers = Takers() }
                takers!.add(share)
            }
        }
        return shared.join(share, subscription)
    }

    private mutating func leave(
        _ session: SessionID, _ filter: Span<UInt8>, _ topics: Range<Int>
    ) -> Bool {
        let share = shared.find(filter.indices.map { filter[$0] })
        guard let share, shared.leave(share, session) else { return false }
        if shared[share].members.list.isEmpty {
            epoch += 1
            _ = change(filter.extracting(topics)) { takers in
                takers.remove(share)
                return true
            }
        }
        return true
    }

    /// Changes those who take what matches a filter; false if there are none.
    private mutating func change(
        _ filter: Span<UInt8>, _ change: (inout Takers) -> Bool
    ) -> Bool {
        guard let node = tree.find(filter) else { return false }
        return tree.update(node) { takers in
            guard takers != nil else { return false }
            let isChanged = change(&takers!)
            if takers!.isEmpty { takers = nil }
            return isChanged
        }
    }

    /// Where the topics stand in the filter of a shared subscription; nil for a plain one.
    private static func sharedTopics(_ filter: Span<UInt8>) -> Range<Int>? {
        guard !filter.isEmpty, filter[0] == Topic.dollar else { return nil }
        guard let parsed = try? TopicFilter(filter, filter.indices), parsed.isShared else {
            return nil
        }
        return parsed.filter
    }

    /// Calls `body` with those who take what matches each filter that matches `topic`.
    func forEachMatch(topic: Span<UInt8>, _ body: (Takers) -> Void) {
        walk(topic) { node, isEnd in
            if isEnd, let takers = tree[node] { body(takers) }
        }
    }

    /// Goes to each node on the ways of `topic` through the tree; at an end, the filter that leads
    /// there matches, if somebody has subscribed to it.
    func walk(_ topic: Span<UInt8>, _ visit: (_ node: Int32, _ isEnd: Bool) -> Void) {
        var levels = TopicLevels(topic.indices)
        var ranges: [Range<Int>] = []
        while let level = levels.next(in: topic) {
            ranges.append(level)
        }
        // [MQTT-4.7.2-1]
        let isHidden = !topic.isEmpty && topic[0] == Topic.dollar
        // On the heap and not on the stack: strangers choose how many levels a topic has.
        var open = [(node: LevelTree<Takers>.root, depth: 0, mayBeWild: !isHidden)]
        while let (node, depth, mayBeWild) = open.popLast() {
            if mayBeWild, let rest = child(of: node, Topic.hash) { visit(rest, true) }
            visit(node, depth == ranges.count)
            guard depth < ranges.count else { continue }
            if mayBeWild, let next = child(of: node, Topic.plus) {
                open.append((next, depth + 1, true))
            }
            if let next = tree.child(of: node, topic, ranges[depth]) {
                open.append((next, depth + 1, true))
            }
        }
    }

    private func child(
        of node: LevelTree<Takers>.Node, _ wildcard: UInt8
    ) -> LevelTree<Takers>.Node? {
        let level: InlineArray<1, UInt8> = [wildcard]
        return tree.child(of: node, level.span, 0..<1)
    }
}
