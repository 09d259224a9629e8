// SPDX-License-Identifier: Apache-2.0
// What sessions have subscribed to, against dictionaries that do the same.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct SessionSubscriptionsTests {
    /// A tree of three sessions, and what is said of it.
    private struct Play: ~Copyable {
        var tree = SubscriptionTree(seed: 3)
        var chains = [SessionSubscriptions](repeating: SessionSubscriptions(), count: 3)
        var models = [[[UInt8]: Subscription]](repeating: [:], count: 3)

        mutating func set(_ session: Int, _ filter: [UInt8], _ subscription: Subscription?) {
            let id = SessionID(place: UInt32(session))
            let before = models[session][filter]
            let found = tree.subscription(of: id, to: filter.span)
            #expect(found == before)
            if let subscription {
                let isNew = tree.insert(subscription, filter: filter.span, in: &chains[session])
                #expect(isNew == (before == nil))
            } else {
                let wasHere = tree.remove(session: id, filter: filter.span, in: &chains[session])
                #expect(wasHere == (before != nil))
            }
            models[session][filter] = subscription
            let now = tree.subscription(of: id, to: filter.span)
            #expect(now == subscription)
        }

        func compare(_ session: Int) {
            let inOrder = tree.inOrder(chains[session], of: SessionID(place: UInt32(session)))
            let expected = models[session].sorted { $0.key.lexicographicallyPrecedes($1.key) }
            let count = chains[session].count
            #expect(count == expected.count)
            #expect(inOrder.map(\.filter) == expected.map(\.key))
            #expect(inOrder.map(\.subscription) == expected.map(\.value))
        }
    }

    /// Filters of all forms: of one level and of several, empty levels, long ones, shared ones.
    private static func filter(_ number: Int) -> [UInt8] {
        let forms = [
            "f\(number)", "some/filter/\(number)", "/\(number)", "a//\(number)/", "\(number)/+/#",
            "a/level/that/has/more/than/fifteen/bytes-\(number)-bytes/#", "$share/s/a/\(number)",
            "$share/t\(number)/a/#",
        ]
        return Array(forms[number % forms.count].utf8)
    }

    private static func subscription(_ session: Int, _ number: Int) -> Subscription {
        Subscription(
            session: SessionID(place: UInt32(session)),
            options: SubscriptionOptions(maximumQoS: .exactlyOnce), identifier: UInt32(number))
    }

    @Test(arguments: [6, 40, 2000])
    func theyAreDictionaries(_ filters: Int) {
        var random = SplitMix64(seed: UInt64(filters))
        var play = Play()
        for step in 0..<filters * 20 {
            let session = random.upTo(2)
            // Comes, changes or goes; now and then nearly all go.
            let goes = random.chance(oneIn: step / filters % 5 == 4 ? 1 : 3)
            play.set(
                session, Self.filter(random.upTo(filters - 1)),
                goes ? nil : Self.subscription(session, step))
        }
        for session in 0..<3 { play.compare(session) }
        play.tree.removeAll(play.chains[1], of: SessionID(place: 1))
        play.models[1] = [:]
        play.chains[1] = SessionSubscriptions()
        for session in 0..<3 { play.compare(session) }
        #expect(play.tree.count == play.models.reduce(0) { $0 + $1.count })
        for session in 0..<3 {
            for filter in play.models[session].keys { play.set(session, filter, nil) }
        }
        #expect(play.tree.count == 0)
    }
}
