// SPDX-License-Identifier: Apache-2.0
// Who has subscribed to what: a tree of filter levels, walked with a topic name. The walk costs
// as much as the topic is deep, however many subscriptions there are.
import MQTT

/// One filter of one session, as SUBSCRIBE asked for it.
package struct Subscription: Equatable, Sendable {
    package var session: SessionID
    package var options: SubscriptionOptions
    /// What is behind the next two; there may be millions of them.
    private let word: UInt32
    /// Its neighbours among those of its session: no part of what was asked for.
    var previous = SubscriptionPlace.none
    var next = SubscriptionPlace.none

    init(
        session: SessionID, options: SubscriptionOptions, identifier: UInt32,
        owesRetained: Bool = false
    ) {
        self.session = session
        self.options = options
        word = identifier | (owesRetained ? Self.owing : 0)
    }

    /// Above all identifiers.
    private static var owing: UInt32 { 1 << 31 }

    /// 0 where the client gave none.
    package var identifier: UInt32 { word & ~Self.owing }

    /// Its SUBSCRIBE has not brought all retained messages yet.
    package var owesRetained: Bool { word & Self.owing != 0 }

    package static func == (left: Subscription, right: Subscription) -> Bool {
        left.session == right.session && left.options == right.options
            && left.word == right.word
    }
}

/// All subscriptions by filter.
struct SubscriptionTree: ~Copyable {
    /// Who gets what matches one filter.
    struct Takers {
        private struct Crowd {
            var subscribers = Subscribers()
            var shares: [ShareID] = []
        }

        /// None or one: an array of one is a box that is copied when it must be.
        private var crowd: ContiguousArray<Crowd> = []
        /// Most filters have one subscriber and no share: that one is here, and all else is apart.
        private var only: Subscription?

        /// One member of each gets a message.
        var shares: [ShareID] { crowd.first?.shares ?? [] }

        fileprivate var isEmpty: Bool { only == nil && crowd.isEmpty }

        /// Calls `body` with each that gets every message.
        func forEachSubscriber(_ body: (Subscription) -> Void) {
            if let only { body(only) }
            crowd.first?.subscribers.list.forEach(body)
        }

        fileprivate subscript(session: SessionID) -> Subscription? {
            only?.session == session ? only : crowd.first?.subscribers[session]
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

    /// Where the subscriptions to a filter are, if somebody has any.
    func find(_ filter: Span<UInt8>) -> SubscriptionPlace? {
        guard Self.isShared(filter) else {
            return tree.find(filter).map { SubscriptionPlace(node: $0) }
        }
        return shared.find(filter.indices.map { filter[$0] }).map { SubscriptionPlace(share: $0) }
    }

    /// The same, made where it is missing: something must be put there.
    mutating func make(_ filter: Span<UInt8>) -> SubscriptionPlace {
        guard Self.isShared(filter) else {
            return SubscriptionPlace(node: tree.make(filter))
        }
        return SubscriptionPlace(share: shared.make(filter.indices.map { filter[$0] }))
    }

    /// As in SUBSCRIBE.
    func filter(at place: SubscriptionPlace) -> [UInt8] {
        switch place.kind {
        case .filter(let node): tree.text(of: node)
        case .share(let share): shared[share].filter
        }
    }

    subscript(place: SubscriptionPlace, session: SessionID) -> Subscription? {
        if place == .none { return nil }
        return switch place.kind {
        case .filter(let node): tree[node]?[session]
        case .share(let share): shared[share].members[session]
        }
    }

    /// Adds a subscription, or replaces what the session has there.
    mutating func put(_ subscription: Subscription, at place: SubscriptionPlace) {
        let isNew: Bool
        switch place.kind {
        case .filter(let node):
            epoch += 1
            isNew = tree.update(node) { takers in
                if takers == nil { takers = Takers() }
                return takers!.insert(subscription)
            }
        case .share(let share): isNew = join(subscription, share)
        }
        if isNew { count += 1 }
    }

    /// What the session has there is removed.
    mutating func take(_ session: SessionID, at place: SubscriptionPlace) {
        switch place.kind {
        case .filter(let node):
            epoch += 1
            change(node) { _ = $0.remove(session) }
        case .share(let share): leave(session, share)
        }
        count -= 1
    }

    /// Changes what a subscription knows of its neighbours: nothing that was resolved depends on it.
    mutating func change(
        _ place: SubscriptionPlace, _ session: SessionID, _ change: (inout Subscription) -> Void
    ) {
        guard var subscription = self[place, session] else { return }
        change(&subscription)
        switch place.kind {
        case .filter(let node): self.change(node) { _ = $0.insert(subscription) }
        case .share(let share): _ = shared.join(share, subscription)
        }
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

    private mutating func join(_ subscription: Subscription, _ share: ShareID) -> Bool {
        if shared[share].members.list.isEmpty {
            epoch += 1
            let topics = shared[share].topics
            tree.update(tree.make(topics.span)) { takers in
                if takers == nil { takers = Takers() }
                takers!.add(share)
            }
        }
        return shared.join(share, subscription)
    }

    private mutating func leave(_ session: SessionID, _ share: ShareID) {
        guard shared.leave(share, session), shared[share].members.list.isEmpty else { return }
        epoch += 1
        let topics = shared[share].topics
        if let node = tree.find(topics.span) { change(node) { $0.remove(share) } }
    }

    /// Changes those who take what matches a filter; where nobody is left, the node goes.
    private mutating func change(
        _ node: LevelTree<Takers>.Node, _ change: (inout Takers) -> Void
    ) {
        tree.update(node) { takers in
            guard takers != nil else { return }
            change(&takers!)
            if takers!.isEmpty { takers = nil }
        }
    }

    private static func isShared(_ filter: Span<UInt8>) -> Bool {
        guard !filter.isEmpty, filter[0] == Topic.dollar else { return false }
        return (try? TopicFilter(filter, filter.indices))?.isShared ?? false
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
            if mayBeWild, let rest = tree.child(of: node, .hash) { visit(rest, true) }
            visit(node, depth == ranges.count)
            guard depth < ranges.count else { continue }
            if mayBeWild, let next = tree.child(of: node, .plus) {
                open.append((next, depth + 1, true))
            }
            if tree.hasOrdinaryChildren(node), let next = tree.child(of: node, topic, ranges[depth])
            {
                open.append((next, depth + 1, true))
            }
        }
    }
}
