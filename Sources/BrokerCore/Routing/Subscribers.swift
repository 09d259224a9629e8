// SPDX-License-Identifier: Apache-2.0
// Those who have subscribed to one filter, or are members of one shared subscription.

/// The subscriptions to one filter, one of a session at most.
struct Subscribers {
    private static let fewMax = 16

    private(set) var list: ContiguousArray<Subscription> = []
    /// Where each session is in the list; kept from where a search would cost more.
    private var places: [SessionID: Int] = [:]

    private func place(of session: SessionID) -> Int? {
        places.isEmpty ? list.firstIndex { $0.session == session } : places[session]
    }

    subscript(session: SessionID) -> Subscription? {
        place(of: session).map { list[$0] }
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
