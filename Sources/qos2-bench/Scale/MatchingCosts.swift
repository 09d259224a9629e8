// SPDX-License-Identifier: Apache-2.0
//
// What it costs to match a message among few, some and very many subscriptions. Each number of them has a
// broker of its own, and these take turns: whatever else the machine does meanwhile, it does to all.
import Reactor

struct MatchingCosts {
    /// Of each broker.
    private static let turns = 9

    let plan: ScalePlan
    let binaries: String
    let folder: String

    /// Among ten, a thousand, and as many as `all` has.
    func measure(with all: SubscribedBroker) throws -> [ScaleReport.MatchingCost] {
        var brokers: [SubscribedBroker] = []
        for count in [10, 1000] where count < all.count {
            let place = "\(folder)/among-\(count)"
            try makeFolder(place)
            let broker = try SubscribedBroker(plan, binaries: binaries, in: place)
            try broker.subscribe(count)
            brokers.append(broker)
        }
        brokers.append(all)
        try waitUntilIdle(all.pid, patience: plan.patience)
        var near = brokers.map { _ in [Double]() }
        var spread = near
        for _ in 0..<Self.turns {
            for (at, broker) in brokers.enumerated() {
                try near[at].append(broker.cost { _ in plan.topic(of: 9) })
                // Steps of a prime, so that neighbours in time are none in the tree.
                let areas = broker.count / 10
                try spread[at].append(
                    broker.cost { plan.topic(of: 9 + $0 * 7919 % areas * 10) })
            }
        }
        return brokers.indices.map { at in
            ScaleReport.MatchingCost(
                subscriptions: brokers[at].count,
                near: Int(Comparison.Figures.median(near[at]) ?? 0),
                spread: Int(Comparison.Figures.median(spread[at]) ?? 0))
        }
    }
}
