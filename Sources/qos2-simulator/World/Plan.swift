// SPDX-License-Identifier: Apache-2.0
// What is to be said in a world, and whether all of it has come to its end. Publishers begin when
// every subscriber has its subscription, so that every message is owed to everyone who asks for it.
import MQTT

struct Plan {
    struct Message {
        let topic: Int
        let qos: QoS
        /// The outbox has it for good.
        var isTaken = false
    }

    /// By publisher, in the order in which they were offered. A label is `publisher * 1_000_000`
    /// and the place from 1 on.
    private(set) var messages: [[Message]]
    /// Rows by taker and label. A taker is a subscriber, or all members of a share together.
    private(set) var rows: [[Int: Int]]
    private(set) var subscribed: [Bool]
    private let scenario: Scenario
    private let wanted: [Int]
    /// Taken by a publisher and owed to a subscriber, and not there yet.
    private(set) var missing = 0

    init(_ scenario: Scenario) {
        self.scenario = scenario
        messages = scenario.publishers.map { _ in [] }
        rows = Array(repeating: [:], count: scenario.isShared ? 1 : scenario.subscribers.count)
        subscribed = scenario.subscribers.map { _ in false }
        wanted = scenario.publishers.map(\.messages)
    }

    var mayPublish: Bool { !subscribed.contains(false) }

    func publisher(of node: Int) -> Int { node - 1 }

    func subscriber(of node: Int) -> Int { node - 1 - scenario.publishers.count }

    func taker(of node: Int) -> Int { scenario.isShared ? 0 : subscriber(of: node) }

    mutating func subscribed(_ node: Int) { subscribed[subscriber(of: node)] = true }

    /// Whether the publisher has more to say.
    func wantsMore(_ node: Int) -> Bool {
        messages[publisher(of: node)].count < wanted[publisher(of: node)]
    }

    /// The next message of a publisher.
    mutating func offer(_ node: Int, topic: Int, qos: QoS) -> Int {
        let at = publisher(of: node)
        messages[at].append(Message(topic: topic, qos: qos))
        return (at + 1) * 1_000_000 + messages[at].count
    }

    func message(_ label: Int) -> Message? {
        let (publisher, place) = (label / 1_000_000 - 1, label % 1_000_000 - 1)
        guard messages.indices.contains(publisher), messages[publisher].indices.contains(place)
        else { return nil }
        return messages[publisher][place]
    }

    /// The QoS with which a message is owed to a taker; nil if it is not.
    func qos(of message: Message, for taker: Int) -> QoS? {
        let wish = scenario.subscribers[taker]
        switch wish.filter {
        case "t/#", "t/+", Scenario.topics[message.topic]: return min(message.qos, wish.qos)
        default: return nil
        }
    }

    mutating func see(_ sight: Sight, _ world: World) {
        switch sight {
        case .taken(_, let label):
            let (publisher, place) = (label / 1_000_000 - 1, label % 1_000_000 - 1)
            messages[publisher][place].isTaken = true
            let message = messages[publisher][place]
            for taker in rows.indices where isOwed(message, to: taker) {
                if rows[taker][label] == nil { missing += 1 }
            }
        case .stored(let node, let label, _):
            let at = taker(of: node)
            let count = rows[at][label] ?? 0
            rows[at][label] = count + 1
            if count == 0, let message = message(label), message.isTaken, isOwed(message, to: at) {
                missing -= 1
            }
        default: break
        }
    }

    private func isOwed(_ message: Message, to taker: Int) -> Bool {
        (qos(of: message, for: taker) ?? .atMostOnce) > .atMostOnce
    }

    /// Everything was said, and has arrived, and nobody owes anybody anything.
    func isDone(_ world: World) -> Bool {
        guard missing == 0, mayPublish else { return false }
        for node in world.nodes {
            guard let process = node.process as? any Finishing, process.isIdle else { return false }
            if node.role == .publisher, wantsMore(node.index) { return false }
        }
        return true
    }
}

/// A process that can say whether it has anything left to do.
protocol Finishing {
    var isIdle: Bool { get }
}
