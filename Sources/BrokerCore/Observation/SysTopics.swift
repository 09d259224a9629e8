// SPDX-License-Identifier: Apache-2.0
// `$SYS/broker/…`: what the broker tells of itself, under mosquitto's names. To subscribers the
// values are retained messages; here they are made from the counters, and never are facts, stored
// messages or part of the durable state. Who asks for them and who gets them is in Broker+Sys.
import MQTT

/// The figures that topics are made of, at one moment.
package struct SysFigures: Equatable {
    package var metrics = Metrics()
    package var sessions = 0
    package var subscriptions = 0
    package var sharedSubscriptions = 0
    package var retained = 0
    package var messages = 0
    package var messageBytes = 0
    package var inFlight = 0
    /// Bytes of output that wait to be written.
    package var outputBytes = 0
    /// What the process has allocated; nil where nobody knows.
    package var heapBytes: Int?
    /// The longest turn of the loop since the start.
    package var worstTurn = Duration.zero

    package init() {}
}

struct SysTopics {
    struct Value: Equatable {
        let name: [UInt8]
        fileprivate(set) var text: [UInt8]
    }

    /// A moving average per minute, as mosquitto computes it.
    private struct Load {
        let name: String
        let window: Double
        var value = 0.0
        var before = 0
    }

    static let version = "0.1.0"
    private static let prefix = "$SYS/broker/"
    private static let windows: [(String, Double)] = [("1min", 60), ("5min", 300), ("15min", 900)]

    /// In an order that stays; empty before the first update.
    private(set) var topics: [Value] = []
    private var loads: [Load] = []
    private var startedAt: Instant?
    private var updatedAt: Instant?
    private var heapMaximum = 0
    /// Renews the values. Gives the places of those that differ from before.
    mutating func update(_ figures: SysFigures, at now: Instant) -> [Int] {
        let start = startedAt ?? now
        startedAt = start
        updateLoads(figures, at: now)
        updatedAt = now
        heapMaximum = max(heapMaximum, figures.heapBytes ?? 0)
        var lines = [
            ("version", "qos2 version \(Self.version)"),
            ("uptime", "\((now - start).components.seconds) seconds"),
        ]
        lines += values(of: figures).map { ($0.name, "\($0.value)") }
        lines += loads.map { ($0.name, Self.text($0.value)) }
        return lines.indices.filter { set($0, lines[$0].0, lines[$0].1) }
    }

    mutating func removeAll() {
        topics.removeAll()
    }

    /// True if the value is another than before.
    private mutating func set(_ place: Int, _ name: String, _ text: String) -> Bool {
        let text = Array(text.utf8)
        guard place < topics.count else {
            topics.append(Value(name: Array((Self.prefix + name).utf8), text: text))
            return true
        }
        guard topics[place].text != text else { return false }
        topics[place].text = text
        return true
    }

    private func values(of figures: SysFigures) -> [(name: String, value: Int)] {
        let metrics = figures.metrics
        let connected = metrics.connectionsOpen
        let away = figures.sessions - connected
        var values = [
            ("clients/total", figures.sessions), ("clients/maximum", metrics.connectionsMaximum),
            ("clients/connected", connected), ("clients/active", connected),
            ("clients/disconnected", away), ("clients/inactive", away),
            ("clients/expired", Int(metrics.sessionsExpired)),
            ("messages/stored", figures.messages), ("store/messages/count", figures.messages),
            ("store/messages/bytes", figures.messageBytes),
            ("messages/inflight", figures.inFlight),
            ("messages/received", Int(metrics.packetsReceived)),
            ("messages/sent", Int(metrics.packetsSent)),
            ("publish/messages/received", Int(metrics.receivedPackets[.publish])),
            ("publish/messages/sent", Int(metrics.sentPackets[.publish])),
            ("publish/messages/dropped", Int(metrics.messagesDropped)),
            ("publish/bytes/received", Int(metrics.payloadBytesReceived)),
            ("publish/bytes/sent", Int(metrics.payloadBytesSent)),
            ("bytes/received", Int(metrics.bytesReceived)),
            ("bytes/sent", Int(metrics.bytesSent)),
            ("packet/out/bytes", figures.outputBytes),
            ("retained messages/count", figures.retained),
            ("subscriptions/count", figures.subscriptions),
            ("shared_subscriptions/count", figures.sharedSubscriptions),
            ("connections/socket/count", Int(metrics.connectionsTotal)),
            ("event_loop/lag/maximum", Int(figures.worstTurn.wholeNanoseconds / 1000)),
        ]
        if let heap = figures.heapBytes {
            values += [("heap/current", heap), ("heap/maximum", heapMaximum)]
        }
        return values
    }

    private static func counters(_ metrics: Metrics) -> [(name: String, count: UInt64)] {
        [
            ("messages/received", metrics.packetsReceived),
            ("messages/sent", metrics.packetsSent),
            ("publish/dropped", metrics.messagesDropped),
            ("publish/received", metrics.receivedPackets[.publish]),
            ("publish/sent", metrics.sentPackets[.publish]),
            ("bytes/received", metrics.bytesReceived), ("bytes/sent", metrics.bytesSent),
            ("sockets", metrics.connectionsTotal),
            ("connections", metrics.receivedPackets[.connect]),
        ]
    }

    /// What came since the last update, as a number per minute, joins the average of the window.
    private mutating func updateLoads(_ figures: SysFigures, at now: Instant) {
        let counters = Self.counters(figures.metrics)
        guard let updatedAt else {
            loads = counters.flatMap { counter in
                Self.windows.map { name, window in
                    Load(
                        name: "load/\(counter.name)/\(name)", window: window,
                        before: Int(counter.count))
                }
            }
            return
        }
        let elapsed = Double((now - updatedAt).wholeNanoseconds) / 1e9
        guard elapsed > 0 else { return }
        for place in loads.indices {
            let count = Int(counters[place / Self.windows.count].count)
            let rate = Double(count - loads[place].before) * 60 / elapsed
            let weight = Self.decay(elapsed / loads[place].window)
            loads[place].value = rate + weight * (loads[place].value - rate)
            loads[place].before = count
        }
    }

    /// The exponential function of `-x`: halved until a short series is exact, then squared back.
    static func decay(_ x: Double) -> Double {
        var (small, halvings) = (x, 0)
        while small > 1 / 256 {
            small /= 2
            halvings += 1
        }
        var result = 1 - small * (1 - small / 2 * (1 - small / 3 * (1 - small / 4)))
        for _ in 0..<halvings { result *= result }
        return result
    }

    /// With two decimal places.
    static func text(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}

extension SysTopics {
    /// Whether clients may not publish to this topic. The state of a bridge is the exception that
    /// mosquitto makes: a bridge of another broker tells it here.
    @inline(__always)
    static func isReserved(_ topic: Span<UInt8>) -> Bool {
        !topic.isEmpty && topic[0] == 0x24 && isOfBroker(topic)
    }

    @inline(never)
    private static func isOfBroker(_ topic: Span<UInt8>) -> Bool {
        let word: InlineArray<4, UInt8> = [0x24, 0x53, 0x59, 0x53]  // "$SYS"
        guard topic.count >= word.count else { return false }
        for offset in word.indices where topic[offset] != word[offset] { return false }
        guard topic.count == word.count || topic[word.count] == Topic.separator else {
            return false
        }
        return !TopicFilter.matches(filter: bridgeState.span, topic: topic)
    }

    private static let bridgeState = Array("$SYS/broker/connection/+/state".utf8)
}
