// SPDX-License-Identifier: Apache-2.0
// From a topic name to the sessions that get its messages, each once. A topic that was seen since
// the last change of any subscription is one look-up; the tree is walked for the others.
import MQTT

/// One session that matches a topic, its overlapping subscriptions joined into one. [MQTT-3.3.4-2]
struct Route {
    /// What some subscriptions come to together.
    struct Grant {
        /// The highest of them.
        var qos = QoS.atMostOnce
        var retainAsPublished = false
        /// Which identifiers go with it, as a number of `IdentifierLists`.
        var identifiers: UInt32 = 0
    }

    var session: SessionID
    private let grant: Grant
    /// For what the session publishes itself: of those without No Local; nil if there is none.
    private let ownGrant: Grant?

    /// What the session gets of a message from `publisher`; nil for nothing. [MQTT-3.8.3-3]
    func grant(from publisher: SessionID?) -> Grant? {
        session == publisher ? ownGrant : grant
    }
}

/// Resolved topics, bounded: strangers can invent topics without end.
struct Routes {
    struct Entry {
        var topic: [UInt8]
        var hash: UInt64
        var epoch: UInt64
        var routes: ContiguousArray<Route> = []
        var shares: [ShareID] = []

        var isEmpty: Bool { routes.isEmpty && shares.isEmpty }
    }

    private static let entriesMax = 32_768

    private(set) var entries: ContiguousArray<Entry> = []
    /// Entry numbers by hash; -1 is empty. At most half full.
    private var table = ContiguousArray<Int32>(repeating: -1, count: 64)
    /// The entry that was asked for last.
    private var last = 0
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
    }

    /// The number of an up-to-date entry of `topic`; nil if it is to be resolved.
    mutating func known(_ topic: Span<UInt8>, at epoch: UInt64) -> Int? {
        let known = Int(table[slot(of: topic, hashOfBytes(topic, seed: seed))])
        guard known >= 0, entries[known].epoch == epoch else { return nil }
        last = known
        return known
    }

    /// What one publisher sends in a row mostly goes to one topic, which is compared then and not
    /// looked up.
    @inline(__always)
    func lastEntry(of topic: Span<UInt8>, at epoch: UInt64) -> Int? {
        let isLast =
            last < entries.count && entries[last].epoch == epoch
            && bytesAreEqual(entries[last].topic, topic)
        return isLast ? last : nil
    }

    /// The number of an up-to-date entry of a valid topic name, resolved by `tree` when needed.
    mutating func resolve(
        _ topic: Span<UInt8>, _ tree: borrowing SubscriptionTree, _ lists: inout IdentifierLists
    ) -> Int {
        let hash = hashOfBytes(topic, seed: seed)
        let known = table[slot(of: topic, hash)]
        if known >= 0, entries[Int(known)].epoch == tree.epoch { return Int(known) }
        let number = known < 0 ? addEntry(topic, hash) : Int(known)
        match(number, topic, tree, &lists)
        return number
    }

    private mutating func addEntry(_ topic: Span<UInt8>, _ hash: UInt64) -> Int {
        makeRoom()
        table[slot(of: topic, hash)] = Int32(entries.count)
        entries.append(Entry(topic: topic.indices.map { topic[$0] }, hash: hash, epoch: 0))
        return entries.count - 1
    }

    @inline(never)
    private mutating func match(
        _ number: Int, _ topic: Span<UInt8>, _ tree: borrowing SubscriptionTree,
        _ lists: inout IdentifierLists
    ) {
        var matches: [Subscription] = []
        entries[number].shares = []
        tree.forEachMatch(topic: topic) { takers in
            takers.forEachSubscriber { matches.append($0) }
            entries[number].shares += takers.shares
        }
        entries[number].routes = Self.join(&matches, &lists)
        entries[number].epoch = tree.epoch
    }

    private static func join(
        _ matches: inout [Subscription], _ lists: inout IdentifierLists
    ) -> ContiguousArray<Route> {
        matches.sort { $0.session.place < $1.session.place }
        var routes: ContiguousArray<Route> = []
        var at = 0
        while at < matches.count {
            var end = at + 1
            while end < matches.count, matches[end].session == matches[at].session {
                end += 1
            }
            routes.append(Route(joining: matches[at..<end], &lists))
            at = end
        }
        return routes
    }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        table = ContiguousArray(repeating: -1, count: table.count)
    }

    private mutating func makeRoom() {
        if entries.count == Self.entriesMax { removeAll() }
        guard (entries.count + 1) * 2 > table.count else { return }
        table = ContiguousArray(repeating: -1, count: table.count * 2)
        for number in entries.indices {
            let topic = entries[number].topic
            table[slot(of: topic.span, entries[number].hash)] = Int32(number)
        }
    }

    @inline(__always)
    private func slot(of topic: Span<UInt8>, _ hash: UInt64) -> Int {
        let mask = table.count - 1
        var at = Int(truncatingIfNeeded: hash) & mask
        while table[at] >= 0 {
            let number = Int(table[at])
            if entries[number].hash == hash, bytesAreEqual(entries[number].topic, topic) {
                break
            }
            at = (at + 1) & mask
        }
        return at
    }
}

extension Route {
    /// All subscriptions of one session that match one topic.
    fileprivate init(joining matches: ArraySlice<Subscription>, _ lists: inout IdentifierLists) {
        session = matches[matches.startIndex].session
        grant = Grant(joining: matches[...], &lists)
        let ofOwn = matches.filter { !$0.options.noLocal }
        if ofOwn.isEmpty {
            ownGrant = nil
        } else {
            ownGrant = ofOwn.count == matches.count ? grant : Grant(joining: ofOwn[...], &lists)
        }
    }
}

extension Route.Grant {
    fileprivate init(joining matches: ArraySlice<Subscription>, _ lists: inout IdentifierLists) {
        for match in matches {
            qos = max(qos, match.options.maximumQoS)
            retainAsPublished = retainAsPublished || match.options.retainAsPublished
        }
        identifiers = lists.number(of: matches.map(\.identifier).filter { $0 != 0 }.sorted())
    }
}
