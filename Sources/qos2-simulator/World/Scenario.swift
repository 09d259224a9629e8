// SPDX-License-Identifier: Apache-2.0
// What a seed decides before anything happens: who takes part, how small the windows and segments
// are, and which misfortunes this world knows.
import BrokerCore
import ClientCore
import MQTT

struct Scenario {
    struct Publisher {
        var version: ProtocolVersion
        var inFlightMax: Int
        var messages: Int
        /// It speaks for itself, without an engine, and repeats itself before PUBREL.
        var repeatsItself: Bool
    }

    struct Subscriber {
        var version: ProtocolVersion
        var filter: String
        var receiveMaximum: UInt16
        var qos: QoS
    }

    /// What a subscriber says in SUBSCRIBE.
    func subscription(of subscriber: Int) -> String {
        (isShared ? "$share/pool/" : "") + subscribers[subscriber].filter
    }

    enum Misfortune: CaseIterable {
        case cut
        case kill
        case powerCut
        case diskFailure
        case fullDisk
    }

    var publishers: [Publisher]
    var subscribers: [Subscriber]
    /// All subscribers are members of one shared subscription, and one of them takes each message.
    var isShared: Bool
    var limits = Limits()
    var patience = CommitPatience()
    var segmentSize: Int
    /// Complete segments that a checkpoint waits for.
    var checkpointSegments: Int
    /// The longest pause between two readings, in milliseconds.
    var pauseMax: Int
    var payloadMax: Int
    var misfortunes: [Misfortune]
    /// The longest pause between two misfortunes, in milliseconds.
    var calmMax: Int
    var faultTime: Duration
    /// Bytes that a connection takes before its writer has to wait; nil for any number.
    var roomMax: Int?

    static let topics = ["t/0", "t/1", "t/2"]

    init(_ random: inout SeededGenerator) {
        let versions: [ProtocolVersion] = [.v5, .v311]
        publishers = (0...random.upTo(2)).map { _ in
            Publisher(
                version: random.pick(versions), inFlightMax: random.pick([1, 2, 3, 8, 64]),
                messages: 5 + random.upTo(40), repeatsItself: random.chance(oneIn: 4))
        }
        subscribers = (0...random.upTo(2)).map { _ in
            Subscriber(
                version: random.pick(versions),
                filter: random.pick(["t/#", "t/#", "t/+", "t/0", "t/1"]),
                receiveMaximum: random.pick([1, 2, 3, 8, 65_535]),
                qos: random.chance(oneIn: 6) ? .atLeastOnce : .exactlyOnce)
        }
        // Drawn aside: worlds without a share are what they were before there were any.
        var aside = random
        isShared = subscribers.count > 1 && aside.chance(oneIn: 3)
        if isShared {
            for at in subscribers.indices {
                subscribers[at].filter = subscribers[0].filter
                subscribers[at].qos = subscribers[0].qos
            }
        }
        limits.inFlightMax = random.pick([1, 2, 3, 8, 64])
        limits.waitingMax = random.chance(oneIn: 4) ? 5 + random.upTo(20) : 100_000
        segmentSize = random.pick([2048, 4096, 16384, 65536])
        checkpointSegments = 1 + random.upTo(3)
        pauseMax = random.pick([0, 5, 50, 1000])
        payloadMax = random.pick([0, 20, 200, 1000])
        misfortunes = Misfortune.allCases.filter { _ in !random.chance(oneIn: 3) }
        calmMax = random.pick([50, 500, 5000])
        faultTime = .milliseconds(200 + random.upTo(20_000))
        roomMax = random.chance(oneIn: 4) ? 1 + random.upTo(300) : nil
        if random.chance(oneIn: 2) {
            patience.forAnswers = .microseconds(1 + random.upTo(2000))
            patience.forNeed = .milliseconds(20)
        }
    }
}
