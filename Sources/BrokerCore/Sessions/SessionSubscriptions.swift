// SPDX-License-Identifier: Apache-2.0
// What one session has subscribed to. The subscriptions are at their filters, in the tree or in a
// share, and lead from one to the next of the same session: a list of their own for each session, with
// the filters' texts once more, took several times as much.
import MQTT

/// Where a subscription is: at a filter of the tree, or in a share.
struct SubscriptionPlace: Equatable {
    enum Kind {
        case filter(node: Int32)
        case share(ShareID)
    }

    private let raw: UInt32

    private init(raw: UInt32) {
        self.raw = raw
    }

    static let none = SubscriptionPlace(raw: 0)

    /// The root of the tree is no filter, so that no place is 0.
    init(node: Int32) {
        raw = UInt32(node) << 1
    }

    init(share: ShareID) {
        raw = share.number << 1 | 1
    }

    var kind: Kind {
        raw & 1 == 0 ? .filter(node: Int32(raw >> 1)) : .share(ShareID(number: raw >> 1))
    }
}

/// The chain of a session's subscriptions, the last that was made in front.
struct SessionSubscriptions {
    fileprivate(set) var first = SubscriptionPlace.none
    fileprivate var storedCount: UInt32 = 0

    var count: Int { Int(storedCount) }
}

extension SubscriptionTree {
    /// The subscription of a session to a filter, if it has one.
    func subscription(of session: SessionID, to filter: Span<UInt8>) -> Subscription? {
        find(filter).flatMap { self[$0, session] }
    }

    /// Adds a subscription or replaces the one to an equal filter. True if it is new.
    @discardableResult
    mutating func insert(
        _ subscription: Subscription, filter: Span<UInt8>,
        in subscriptions: inout SessionSubscriptions
    ) -> Bool {
        let place = make(filter)
        var subscription = subscription
        if let old = self[place, subscription.session] {
            subscription.previous = old.previous
            subscription.next = old.next
            put(subscription, at: place)
            return false
        }
        subscription.next = subscriptions.first
        put(subscription, at: place)
        change(subscription.next, subscription.session) { $0.previous = place }
        subscriptions.first = place
        subscriptions.storedCount += 1
        return true
    }

    /// True if there was one. [MQTT-3.10.4-1]
    @discardableResult
    mutating func remove(
        session: SessionID, filter: Span<UInt8>, in subscriptions: inout SessionSubscriptions
    ) -> Bool {
        guard let place = find(filter), let old = self[place, session] else { return false }
        take(session, at: place)
        change(old.next, session) { $0.previous = old.previous }
        if old.previous == .none {
            subscriptions.first = old.next
        } else {
            change(old.previous, session) { $0.next = old.next }
        }
        subscriptions.storedCount -= 1
        return true
    }

    /// The session has ended.
    mutating func removeAll(_ subscriptions: SessionSubscriptions, of session: SessionID) {
        var place = subscriptions.first
        while let subscription = self[place, session] {
            take(session, at: place)
            place = subscription.next
        }
    }

    /// Calls `body` with the size of each filter, until it answers false; false then.
    func forEachFilter(
        _ subscriptions: SessionSubscriptions, of session: SessionID, _ body: (Int) -> Bool
    ) -> Bool {
        var place = subscriptions.first
        while let subscription = self[place, session] {
            guard body(filter(at: place).count) else { return false }
            place = subscription.next
        }
        return true
    }

    /// In the order of the filters' bytes: the one that everybody would choose.
    func inOrder(
        _ subscriptions: SessionSubscriptions, of session: SessionID
    ) -> [(filter: [UInt8], subscription: Subscription)] {
        var all: [(filter: [UInt8], subscription: Subscription)] = []
        var place = subscriptions.first
        while let subscription = self[place, session] {
            all.append((filter(at: place), subscription))
            place = subscription.next
        }
        return all.sorted { $0.filter.lexicographicallyPrecedes($1.filter) }
    }
}
