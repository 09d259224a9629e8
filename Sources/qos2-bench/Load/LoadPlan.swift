// SPDX-License-Identifier: Apache-2.0
//
// What load is to be made, and who has to do with whom: which topics a subscriber takes, and how
// many messages fall to a publisher.
import MQTT

struct LoadPlan {
    enum Work {
        case run
        /// Publish while the subscribers are away.
        case fill
        /// Subscribers alone.
        case drain
    }

    enum Topics: String {
        case pairs
        case shared
    }

    enum End: Equatable {
        case messages(Int)
        case time(Duration)
    }

    /// What one packet can hold, with room for the rest of it.
    static let payloadMax = 268_000_000

    let work: Work
    let name: String
    var host = "127.0.0.1"
    var port: UInt16 = 1883
    var version = ProtocolVersion.v5
    var publishers = 1
    var subscribers = 1
    var topics = Topics.pairs
    var qos = QoS.exactlyOnce
    var payload = 200
    var window = 100
    var isPersistent = false
    var end = End.messages(1)
    /// Messages per second, over all publishers.
    var rate: Int?
    var patience = Duration.seconds(10)
    /// What happens before it is over is checked, but not measured.
    var warmUp = Duration.zero
    /// A line on the terminal that tells how it goes.
    var showsProgress = false

    init(work: Work, name: String) {
        self.work = work
        self.name = name
    }

    func topic(of publisher: Int) -> String {
        switch topics {
        case .pairs: "\(name)/\(publisher)"
        case .shared: "\(name)/all"
        }
    }

    /// What a subscriber asks for: its publishers' topics, or with a wildcard those of all.
    func filters(of subscriber: Int) -> [String] {
        let publishers = publishers(of: subscriber)
        if topics == .pairs, publishers.count > 1, publishers.count == self.publishers {
            return ["\(name)/+"]
        }
        return Set(publishers.map(topic(of:))).sorted()
    }

    func clientID(ofPublisher number: Int) -> String { "\(name)-p\(number)" }
    func clientID(ofSubscriber number: Int) -> String { "\(name)-s\(number)" }

    /// Whose messages a subscriber gets, in the order of their numbers. In pairs with more
    /// publishers than subscribers these are dealt out, and the other way round.
    func publishers(of subscriber: Int) -> [Int] {
        switch topics {
        case .shared: Array(0..<publishers)
        case .pairs where publishers > subscribers:
            Array(stride(from: subscriber, to: publishers, by: subscribers))
        case .pairs: [subscriber % publishers]
        }
    }

    /// The place of a publisher among those of a subscriber; nil for one that is not its own.
    func place(of publisher: Int, for subscriber: Int) -> Int? {
        guard publisher < publishers else { return nil }
        switch topics {
        case .shared: return publisher
        case .pairs where publishers > subscribers:
            return publisher % subscribers == subscriber ? publisher / subscribers : nil
        case .pairs: return subscriber % publishers == publisher ? 0 : nil
        }
    }

    /// How many subscribers get each message of a publisher.
    func receivers(of publisher: Int) -> Int {
        guard subscribers > 0 else { return 0 }
        switch topics {
        case .shared: return subscribers
        case .pairs where publishers > subscribers: return 1
        case .pairs:
            return subscribers / publishers + (publisher < subscribers % publishers ? 1 : 0)
        }
    }

    /// How many messages a publisher has to send; nil where the clock decides.
    func quota(of publisher: Int) -> Int? {
        guard case .messages(let total) = end else { return nil }
        return total / publishers + (publisher < total % publishers ? 1 : 0)
    }
}
