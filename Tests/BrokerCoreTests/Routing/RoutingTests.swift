// SPDX-License-Identifier: Apache-2.0
// Trees against brute force: every subscription and every retained message is compared with every
// topic by TopicFilter alone.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct RoutingTests {
    /// Also of 15 and 16 bytes: as long as a level may be in its place, and a byte longer.
    private static let names = [
        "", "a", "b", "c", "$x", "just fits it in", "$does not fit in",
    ]
    private static let words = names + ["+", "#"]

    private static func options(_ random: inout SplitMix64) -> SubscriptionOptions {
        SubscriptionOptions(
            maximumQoS: QoS(random.upTo(2)), noLocal: random.chance(oneIn: 3),
            retainAsPublished: random.chance(oneIn: 3))
    }

    private struct Wish: Hashable {
        let session: UInt32
        let filter: [UInt8]
    }

    /// What the standard says about one topic, computed without any tree.
    private func expected(
        _ topic: [UInt8], _ model: [Wish: Subscription], _ lists: inout IdentifierLists
    ) -> [String] {
        var routes: [String] = []
        for place in 0..<6 as Range<UInt32> {
            let found = model.filter {
                $0.key.session == place
                    && TopicFilter.matches(filter: $0.key.filter.span, topic: topic.span)
            }.map(\.value)
            guard !found.isEmpty else { continue }
            let ofOwn = found.filter { !$0.options.noLocal }
            routes.append(
                "\(place) \(Self.grant(found, &lists)) own \(Self.grant(ofOwn, &lists))")
        }
        return routes
    }

    private static func grant(
        _ found: [Subscription], _ lists: inout IdentifierLists
    ) -> String {
        guard let qos = found.map(\.options.maximumQoS).max() else { return "nothing" }
        let retains = found.contains { $0.options.retainAsPublished }
        let identifiers = found.map(\.identifier).filter { $0 != 0 }.sorted()
        return "\(qos) \(retains) \(lists.number(of: identifiers))"
    }

    private static func text(_ grant: Route.Grant?) -> String {
        grant.map { "\($0.qos) \($0.retainAsPublished) \($0.identifiers)" } ?? "nothing"
    }

    private static func text(_ route: Route) -> String {
        "\(route.session.place) \(text(route.grant(from: nil))) "
            + "own \(text(route.grant(from: route.session)))"
    }

    @Test func routesAreThoseOfBruteForce() {
        for seed in 0..<6 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var tree = SubscriptionTree(seed: seed)
            var chains: [UInt32: SessionSubscriptions] = [:]
            var routes = Routes(seed: seed)
            var lists = IdentifierLists()
            var model: [Wish: Subscription] = [:]
            var wishes: [Wish] = []
            for _ in 0..<400 {
                let removes = random.chance(oneIn: 2)
                // What was there goes again, or nothing would ever be left below a node.
                let wish =
                    removes && !wishes.isEmpty && random.chance(oneIn: 2)
                    ? random.pick(wishes)
                    : Wish(session: UInt32(random.upTo(5)), filter: random.path(of: Self.words))
                let session = SessionID(place: wish.session)
                if removes {
                    let removed = tree.remove(
                        session: session, filter: wish.filter.span,
                        in: &chains[wish.session, default: SessionSubscriptions()])
                    #expect(removed == (model.removeValue(forKey: wish) != nil))
                } else {
                    wishes.append(wish)
                    let new = Subscription(
                        session: session, options: Self.options(&random),
                        identifier: UInt32(random.upTo(3)))
                    let isNew = tree.insert(
                        new, filter: wish.filter.span,
                        in: &chains[wish.session, default: SessionSubscriptions()])
                    #expect(isNew == (model.updateValue(new, forKey: wish) == nil))
                }
                #expect(tree.count == model.count)
                for _ in 0..<3 {
                    let topic = random.path(of: Self.names)
                    let entry =
                        routes.known(topic.span, at: tree.epoch)
                        ?? routes.resolve(topic.span, tree, &lists)
                    #expect(
                        routes.entries[entry].routes.map(Self.text)
                            == expected(topic, model, &lists),
                        "\(String(decoding: topic, as: UTF8.self))")
                }
            }
            for wish in model.keys {
                tree.remove(
                    session: SessionID(place: wish.session), filter: wish.filter.span,
                    in: &chains[wish.session, default: SessionSubscriptions()])
            }
            #expect(tree.count == 0)
        }
    }

    @Test func manySessionsComeAndGoAtOneFilter() {
        var random = SplitMix64(seed: 7)
        var tree = SubscriptionTree(seed: 7)
        var chains: [UInt32: SessionSubscriptions] = [:]
        var model: Set<UInt32> = []
        let filter = Array("a/+".utf8)
        for _ in 0..<3000 {
            let place = UInt32(random.upTo(40))
            let session = SessionID(place: place)
            if random.chance(oneIn: 2) {
                let removed = tree.remove(
                    session: session, filter: filter.span,
                    in: &chains[place, default: SessionSubscriptions()])
                #expect(removed == (model.remove(place) != nil))
            } else {
                let new = Subscription(
                    session: session, options: Self.options(&random), identifier: place)
                let isNew = tree.insert(
                    new, filter: filter.span,
                    in: &chains[place, default: SessionSubscriptions()])
                #expect(isNew == model.insert(place).inserted)
            }
            var found: [UInt32] = []
            tree.forEachMatch(topic: Array("a/b".utf8).span) { takers in
                takers.forEachSubscriber { found.append($0.session.place) }
            }
            #expect(found.sorted() == model.sorted())
            #expect(tree.count == model.count)
        }
    }

    @Test func aTopicThatWasSeenIsFoundAgain() {
        var tree = SubscriptionTree(seed: 1)
        var routes = Routes(seed: 1)
        var lists = IdentifierLists()
        let topic = Array("a/b".utf8)
        #expect(routes.known(topic.span, at: tree.epoch) == nil)
        let entry = routes.resolve(topic.span, tree, &lists)
        #expect(routes.known(topic.span, at: tree.epoch) == entry)
        #expect(routes.known(Array("a/c".utf8).span, at: tree.epoch) == nil)
        #expect(routes.resolve(topic.span, tree, &lists) == entry)
        #expect(routes.entries[entry].routes.isEmpty)
        let options = SubscriptionOptions(maximumQoS: .atLeastOnce)
        let subscription = Subscription(
            session: SessionID(place: 4), options: options, identifier: 0)
        var chain = SessionSubscriptions()
        tree.insert(subscription, filter: Array("a/+".utf8).span, in: &chain)
        #expect(routes.known(topic.span, at: tree.epoch) == nil)
        #expect(routes.resolve(topic.span, tree, &lists) == entry)
        #expect(routes.entries[entry].routes.map(\.session) == [SessionID(place: 4)])
    }

    /// Strangers can invent topics without end.
    @Test func theTableOfTopicsIsBounded() {
        let tree = SubscriptionTree(seed: 1)
        var routes = Routes(seed: 1)
        var lists = IdentifierLists()
        for number in 0..<40_000 {
            let topic = withUnsafeBytes(of: number) { Array($0.prefix(3)) }
            _ = routes.resolve(topic.span, tree, &lists)
        }
        #expect(routes.entries.count <= 32_768)
        let topic: [UInt8] = [0x3F, 0x9C, 0]  // 39,999
        #expect(routes.known(topic.span, at: tree.epoch) != nil)
    }

    /// What a match costs follows from the topic's depth, whatever else there is.
    @Test func theWayThroughTheTreeIsAsLongAmongMany() {
        var tree = SubscriptionTree(seed: 1)
        var chain = SessionSubscriptions()
        func subscribe(_ filter: String) {
            let subscription = Subscription(
                session: SessionID(place: 1),
                options: SubscriptionOptions(maximumQoS: .atMostOnce), identifier: 0)
            tree.insert(subscription, filter: Array(filter.utf8).span, in: &chain)
        }
        func steps(_ topic: String) -> Int {
            var steps = 0
            tree.walk(Array(topic.utf8).span) { _, _ in steps += 1 }
            return steps
        }
        for number in 0..<10 {
            subscribe("plant/line\(number)/sensor\(number)")
            subscribe("plant/+/sensor\(number)/#")
        }
        let few = [steps("plant/line3/sensor3"), steps("plant/line3/sensor3/deep/er"), steps("x")]
        for number in 10..<20_000 {
            subscribe("plant/line\(number)/sensor\(number)")
            subscribe("plant/+/sensor\(number)/#")
            subscribe("elsewhere/\(number)/+")
        }
        let many = [steps("plant/line3/sensor3"), steps("plant/line3/sensor3/deep/er"), steps("x")]
        #expect(few == many && few[0] == 7)
    }

    @Test func retainedMessagesAreThoseOfBruteForce() {
        for seed in 0..<12 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var retained = RetainedMessages(seed: seed)
            var model: [[UInt8]: MessageID] = [:]
            var times: [[UInt8]: Instant] = [:]
            var names: [MessageID: [UInt8]] = [:]
            for number in 0..<250 as Range<UInt32> {
                let topic = random.path(of: Self.names)
                let message = random.chance(oneIn: 3) ? nil : MessageID(place: number)
                if let message { names[message] = topic }
                let expires =
                    random.chance(oneIn: 3)
                    ? .distantFuture : Instant(nanoseconds: Int64(random.upTo(50)))
                let before = retained.replace(
                    topic: topic.span, with: message, expiring: expires)
                #expect(before == model[topic])
                model[topic] = message
                times[topic] = message == nil || expires == .distantFuture ? nil : expires
                #expect(retained.next?.expires == times.values.min())
                #expect(retained.next.map { times[names[$0.message]!]! } == times.values.min())
                #expect(retained.expiry.count == times.count)
                #expect(retained.count == model.count)
                let filter = random.path(of: Self.words)
                var found: [UInt32] = []
                var search = retained.beginSearch([filter])
                while !search.isOver {
                    retained.go(5, on: &search) { message, _ in found.append(message.place) }
                }
                retained.end(search)
                let matching = model.filter {
                    TopicFilter.matches(filter: filter.span, topic: $0.key.span)
                }
                #expect(found.sorted() == matching.map(\.value.place).sorted())
            }
            var all: [UInt32] = []
            retained.forEach { all.append($0.place) }
            #expect(all.sorted() == model.values.map(\.place).sorted())
        }
    }

    @Test func theTreeIsADictionaryOfPaths() {
        for seed in 0..<8 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var tree = LevelTree<Int>(seed: seed)
            var model: [[UInt8]: Int] = [:]
            for step in 0..<600 {
                let path = random.path(of: Self.names)
                if random.chance(oneIn: 2) {
                    let node = tree.make(path.span)
                    let before = tree.update(node) { value in
                        defer { value = step }
                        return value
                    }
                    #expect(before == model.updateValue(step, forKey: path))
                } else if let node = tree.find(path.span) {
                    tree.update(node) { $0 = nil }
                    model[path] = nil
                } else {
                    #expect(model[path] == nil)
                }
                #expect(tree.valueCount == model.count)
            }
            for (path, value) in model {
                #expect(tree.find(path.span).flatMap { tree[$0] } == value)
            }
            for path in model.keys {
                tree.update(tree.find(path.span)!) { $0 = nil }
            }
            // Nothing is left behind: paths without a value are gone.
            #expect(tree.firstChild(of: LevelTree<Int>.root) == nil)
        }
    }

    @Test func combinationsOfIdentifiersHaveOneNumberEach() {
        var lists = IdentifierLists()
        #expect(lists.number(of: []) == 0)
        #expect(lists.list(0) == [])
        for identifier in [1, 9, 268_435_455] as [UInt32] {
            #expect(lists.number(of: [identifier]) == identifier)
            #expect(lists.list(identifier) == [identifier])
        }
        let pair = lists.number(of: [1, 2])
        let triple = lists.number(of: [1, 2, 268_435_455])
        #expect(lists.number(of: [1, 2]) == pair)
        #expect(pair != triple)
        #expect(lists.list(pair) == [1, 2])
        #expect(lists.list(triple) == [1, 2, 268_435_455])
        #expect(lists.number(of: [7, 7]) != 7)
    }

    @Test func combinationsThatNobodyUsesAreForgotten() {
        var lists = IdentifierLists()
        var used: Set<UInt32> = []
        for identifier in 1...5000 as ClosedRange<UInt32> {
            let number = lists.number(of: [identifier, identifier + 1])
            if identifier.isMultiple(of: 1000) { used.insert(number) }
        }
        #expect(lists.isCrowded)
        let kept = lists.number(of: [1000, 1001])
        lists.keep(only: used)
        #expect(!lists.isCrowded)
        #expect(lists.count == 5)
        #expect(lists.list(kept) == [1000, 1001])
        #expect(lists.number(of: [1000, 1001]) == kept)
        let fresh = lists.number(of: [8, 9, 10])
        #expect(lists.list(fresh) == [8, 9, 10])
        #expect(fresh != kept)
    }

    @Test func bytesAreHashedAndComparedWhole() {
        var random = SplitMix64(seed: 9)
        for count in 0...40 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let hash = hashOfBytes(bytes.span, seed: 5)
            #expect(hashOfBytes(bytes.span, seed: 5) == hash)
            #expect(hashOfBytes(bytes.span, seed: 6) != hash)
            #expect(bytesAreEqual(bytes, bytes.span) == true)
            for at in bytes.indices {
                var other = bytes
                other[at] ^= 0x10
                let areEqual = bytesAreEqual(bytes, other.span)
                #expect(!areEqual)
                #expect(hashOfBytes(other.span, seed: 5) != hash)
            }
            let longer = bytes + [0]
            #expect(bytesAreEqual(bytes, longer.span) == false)
            #expect(hashOfBytes(longer.span, seed: 5) != hash)
        }
    }
}
