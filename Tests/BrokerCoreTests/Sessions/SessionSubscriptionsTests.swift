// SPDX-License-Identifier: Apache-2.0
// What a session has subscribed to, against a dictionary that does the same.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct SessionSubscriptionsTests {
    private static func filter(_ number: Int) -> [UInt8] { Array("some/filter/\(number)".utf8) }

    private static func subscription(_ number: Int) -> Subscription {
        Subscription(
            session: SessionID(place: 7), options: SubscriptionOptions(maximumQoS: .exactlyOnce),
            identifier: UInt32(number))
    }

    private func expectEqual(
        _ subscriptions: SessionSubscriptions, _ model: [[UInt8]: Subscription]
    ) {
        #expect(subscriptions.count == model.count)
        let inOrder = model.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        #expect(subscriptions.inOrder.map(\.filter) == inOrder.map(\.key))
        #expect(subscriptions.inOrder.map(\.subscription) == inOrder.map(\.value))
        var walked: [[UInt8]: Subscription] = [:]
        subscriptions.forEach { text, subscription in
            walked[text.indices.map { text[$0] }] = subscription
        }
        #expect(walked == model)
    }

    /// With few, which are searched, and with many, which are in a table.
    @Test(arguments: [6, 40, 3000])
    func itIsADictionary(_ filters: Int) {
        var random = SplitMix64(seed: UInt64(filters))
        var subscriptions = SessionSubscriptions()
        var model: [[UInt8]: Subscription] = [:]
        for step in 0..<filters * 20 {
            let filter = Self.filter(random.upTo(filters - 1))
            // Comes, changes or goes; now and then nearly all go.
            let goes = random.chance(oneIn: step / filters % 5 == 4 ? 1 : 3)
            let subscription = goes ? nil : Self.subscription(step)
            subscriptions[filter] = subscription
            model[filter] = subscription
            #expect(subscriptions[filter] == subscription)
        }
        expectEqual(subscriptions, model)
        for filter in model.keys { subscriptions[filter] = nil }
        expectEqual(subscriptions, [:])
    }

    @Test func aCopyKeepsWhatItHad() {
        var subscriptions = SessionSubscriptions()
        for number in 0..<20 { subscriptions[Self.filter(number)] = Self.subscription(number) }
        let before = subscriptions
        for number in 0..<20 { subscriptions[Self.filter(number)] = nil }
        #expect(before.count == 20 && subscriptions.count == 0)
        #expect(before[Self.filter(19)] == Self.subscription(19))
    }
}
