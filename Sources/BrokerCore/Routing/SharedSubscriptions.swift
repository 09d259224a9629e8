// SPDX-License-Identifier: Apache-2.0
// Shared subscriptions: the members of each share, and whose turn it is. Which member takes a
// message is the broker's choice, and a fact; the order of turns is not durable.
import MQTT

/// A shared subscription, by number: share name and filter together make it one. [MQTT-4.8.2-1]
package struct ShareID: Hashable, Sendable {
    package let number: UInt32

    package init(number: UInt32) {
        self.number = number
    }

    /// Of a plain subscription.
    package static let none = ShareID(number: 0)

    fileprivate var index: Int { Int(number) - 1 }
}

/// Every share that has members, or that a delivery on its way names.
struct SharedSubscriptions {
    struct Share {
        /// As in SUBSCRIBE: `$share/name/filter`.
        let filter: [UInt8]
        var members = Subscribers()
        /// The place in the list of members where the search for the next taker begins.
        var turn = 0

        /// The filter behind the name of the share.
        var topics: [UInt8] {
            guard let parsed = try? TopicFilter(filter.span, filter.indices) else {
                preconditionFailure("a share of no valid filter")
            }
            return Array(filter[parsed.filter])
        }
    }

    private var shares: ContiguousArray<Share?> = []
    private var numbers: [[UInt8]: ShareID] = [:]
    private var free: [ShareID] = []
    /// Members of all shares.
    private(set) var count = 0
    private var crowd = SharedSubscriptions.crowdMin

    /// Beyond this it is worth while to look for those that nobody needs.
    private static let crowdMin = 1024

    var known: Int { numbers.count }
    /// Bytes; 0 without a share.
    var longestFilter: Int { numbers.keys.reduce(0) { max($0, $1.count) } }
    var isCrowded: Bool { known >= crowd }

    subscript(id: ShareID) -> Share { shares[id.index]! }

    func find(_ filter: [UInt8]) -> ShareID? { numbers[filter] }

    mutating func make(_ filter: [UInt8]) -> ShareID {
        if let known = numbers[filter] { return known }
        let id: ShareID
        if let reused = free.popLast() {
            id = reused
            shares[id.index] = Share(filter: filter)
        } else {
            shares.append(Share(filter: filter))
            id = ShareID(number: UInt32(shares.count))
        }
        numbers[filter] = id
        return id
    }

    /// True if the session is a new member.
    mutating func join(_ id: ShareID, _ subscription: Subscription) -> Bool {
        let isNew = shares[id.index]!.members.insert(subscription)
        if isNew { count += 1 }
        return isNew
    }

    /// True if the session was a member.
    mutating func leave(_ id: ShareID, _ session: SessionID) -> Bool {
        let wasHere = shares[id.index]!.members.remove(session)
        if wasHere { count -= 1 }
        return wasHere
    }

    mutating func took(_ id: ShareID, at place: Int) {
        shares[id.index]!.turn = place + 1
    }

    /// Forgets shares without members, but for those that deliveries still name.
    mutating func keep(only used: Set<ShareID>) {
        for index in shares.indices {
            let id = ShareID(number: UInt32(index) + 1)
            guard let share = shares[index], share.members.list.isEmpty, !used.contains(id) else {
                continue
            }
            numbers[share.filter] = nil
            shares[index] = nil
            free.append(id)
        }
        crowd = max(Self.crowdMin, numbers.count * 2)
    }
}
