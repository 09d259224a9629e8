// SPDX-License-Identifier: Apache-2.0
//
// What a load has shown, as lines for people and as one JSON object. Figures that were not measured
// are left out.
import MQTT

struct LoadReport {
    private let plan: LoadPlan
    private let tally: Tally
    private let isStuck: Bool
    private var lost = 0
    private var doubled = 0
    private var reordered = 0
    /// Since measuring began; the proof counts from the first message on.
    private let sent: Int
    private let delivered: Int
    /// Nanoseconds from there to the end of all handshakes, and to the last delivery.
    private let publishTime: Int64
    private let deliveryTime: Int64
    private let ownCPU: Int64
    private let broker: (before: ProcessUse, after: ProcessUse)?

    init(
        plan: LoadPlan, tally: Tally, isStuck: Bool, sent: Int, delivered: Int,
        checks: [(publisher: Int, sent: Int)], subscribers: [LoadSubscriber],
        publishTime: Int64, deliveryTime: Int64, ownCPU: Int64,
        brokerBefore: ProcessUse?, brokerAfter: ProcessUse?
    ) {
        self.plan = plan
        self.tally = tally
        self.isStuck = isStuck
        self.sent = sent
        self.delivered = delivered
        self.publishTime = publishTime
        self.deliveryTime = deliveryTime
        self.ownCPU = ownCPU
        if let brokerBefore, let brokerAfter {
            broker = (brokerBefore, brokerAfter)
        } else {
            broker = nil
        }
        guard plan.work != .fill else { return }
        for subscriber in subscribers {
            for (publisher, sent) in checks {
                guard let check = subscriber.check(of: publisher) else { continue }
                lost += check.lost(of: sent)
                doubled += check.doubled
                reordered += check.reordered
            }
        }
    }

    /// Whether everything is as its QoS promises it. [MQTT 5.0, 4.3]
    var isKept: Bool {
        guard reordered == 0, tally.damaged == 0 else { return false }
        return (lost == 0 || plan.qos == .atMostOnce) && (doubled == 0 || plan.qos == .atLeastOnce)
            && (!isStuck || plan.qos == .atMostOnce)
    }

    /// What the costs are shared among: in a drain there is nothing else than deliveries.
    private var messages: Int { plan.work == .drain ? delivered : sent }

    var lines: [String] {
        var lines = [row("load", loadText)]
        if plan.work != .drain { lines.append(row("published", rateText(sent, publishTime))) }
        if plan.work != .fill {
            lines.append(row("delivered", rateText(delivered, deliveryTime)))
        }
        if plan.work == .run { lines.append(row("latency", latencyText)) }
        if let text = brokerText { lines.append(row("broker", text)) }
        lines.append(row("generator", "\(perMessage(ownCPU)) µs CPU a message"))
        if isStuck { lines.append("nothing moved for \(plan.patience): given up") }
        if plan.work != .fill {
            let damaged = tally.damaged > 0 ? ", damaged \(tally.damaged)" : ""
            lines.append("lost \(lost), doubled \(doubled), reordered \(reordered)\(damaged)")
        }
        return lines
    }

    private func row(_ name: String, _ text: String) -> String {
        "\(name)\(String(repeating: " ", count: 11 - name.count))\(text)"
    }

    /// What the load was, in one line.
    var title: String { loadText }

    private var loadText: String {
        let shape =
            switch plan.work {
            case .run: "\(plan.publishers) → \(plan.subscribers)"
            case .fill: "\(plan.publishers) → \(plan.subscribers) away"
            case .drain: "\(plan.subscribers) return"
            }
        let topics = plan.topics == .shared ? ", one topic" : ""
        let rate = plan.rate.map { ", \($0)/s" } ?? ""
        return "\(shape)\(topics), MQTT \(plan.version), QoS \(plan.qos.rawValue), window "
            + "\(plan.window), \(plan.payload) bytes\(rate)\(plan.isPersistent ? ", durable" : "")"
    }

    private func rateText(_ count: Int, _ nanoseconds: Int64) -> String {
        guard count > 0 else { return "0" }
        let seconds = Decimals.text(Double(nanoseconds) / 1e9, 3)
        return "\(count) in \(seconds) s, \(perSecond(count, nanoseconds))/s"
    }

    private func perSecond(_ count: Int, _ nanoseconds: Int64) -> Int {
        nanoseconds > 0 ? Int(Double(count) / Double(nanoseconds) * 1e9) : 0
    }

    private static let percentiles: [(name: String, percent: Double)] = [
        ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9),
    ]

    private var latencyText: String {
        var parts = Self.percentiles.map { name, percent in
            "\(name) \(milliseconds(tally.latencies.percentile(percent) ?? 0))"
        }
        parts.append("max \(milliseconds(tally.latencies.maximum))")
        return parts.joined(separator: "  ") + "  ms"
    }

    private func milliseconds(_ nanoseconds: UInt64) -> String {
        Decimals.text(Double(nanoseconds) / 1e6, 3)
    }

    private func perMessage(_ nanoseconds: Int64) -> String {
        Decimals.text(Double(nanoseconds) / 1e3 / Double(max(1, messages)), 2)
    }

    private var brokerText: String? {
        guard let (before, after) = broker else { return nil }
        var text = "\(perMessage(after.cpuNanoseconds - before.cpuNanoseconds)) µs CPU a message"
        text += ", \(Decimals.text(Double(after.peakResident) / 1e6, 1)) MB at most"
        if let bytes = residentPerMessage { text += ", \(bytes) bytes of memory a message" }
        if let calls = Self.difference(before.writeCalls, after.writeCalls),
            let bytes = Self.difference(before.diskBytes, after.diskBytes)
        {
            let share = Double(calls) / Double(max(1, messages))
            text += ", \(Decimals.text(share, 3)) writes a message"
            text += ", \(Decimals.text(Double(bytes) / 1e6, 1)) MB to disk"
        }
        return text
    }

    /// Bytes by which a queue that was filled has made the broker grow, for each message; nil where the
    /// load is another one.
    private var residentPerMessage: Int? {
        guard plan.work == .fill, sent > 0, let (before, after) = broker else { return nil }
        return Int(after.resident - before.resident) / sent
    }

    private static func difference(_ before: Int64?, _ after: Int64?) -> Int64? {
        guard let before, let after else { return nil }
        return after - before
    }
}

extension LoadReport {
    /// Stable names; times in microseconds.
    var json: String {
        var object = JSONObject()
        object.put("publishers", plan.work == .drain ? 0 : plan.publishers)
        object.put("subscribers", plan.subscribers)
        object.put("topics", plan.topics.rawValue)
        object.put("mqtt_version", "\(plan.version)")
        object.put("qos", Int(plan.qos.rawValue))
        object.put("window", plan.window)
        object.put("payload_bytes", plan.payload)
        object.put("durable", plan.isPersistent)
        if let rate = plan.rate { object.put("rate_per_second", rate) }
        if plan.work != .drain {
            object.put("published", sent)
            object.put("publish_seconds", Double(publishTime) / 1e9)
            object.put("published_per_second", perSecond(sent, publishTime))
        }
        if plan.work != .fill {
            object.put("delivered", delivered)
            object.put("deliver_seconds", Double(deliveryTime) / 1e9)
            object.put("delivered_per_second", perSecond(delivered, deliveryTime))
            object.put("lost", lost)
            object.put("doubled", doubled)
            object.put("reordered", reordered)
            object.put("damaged", tally.damaged)
        }
        object.put("stuck", isStuck)
        if plan.work == .run { putLatencies(into: &object) }
        object.put("generator_cpu_us_per_message", micros(ownCPU))
        putBroker(into: &object)
        return object.text
    }

    private func micros(_ nanoseconds: Int64) -> Double {
        Double(nanoseconds) / 1e3 / Double(max(1, messages))
    }

    private func putLatencies(into object: inout JSONObject) {
        for (name, percent) in Self.percentiles {
            guard let value = tally.latencies.percentile(percent) else { continue }
            object.put("latency_\(name.replacing(".", with: "_"))_us", Double(value) / 1e3)
        }
        object.put("latency_max_us", Double(tally.latencies.maximum) / 1e3)
    }

    private func putBroker(into object: inout JSONObject) {
        guard let (before, after) = broker else { return }
        let cpu = after.cpuNanoseconds - before.cpuNanoseconds
        object.put("broker_cpu_us_per_message", micros(cpu))
        object.put("broker_cpu_us_per_delivery", Double(cpu) / 1e3 / Double(max(1, delivered)))
        object.put("broker_resident_bytes", Int(after.resident))
        object.put("broker_peak_resident_bytes", Int(after.peakResident))
        if let bytes = residentPerMessage { object.put("broker_resident_bytes_per_message", bytes) }
        let figures = [
            ("broker_read_calls", before.readCalls, after.readCalls),
            ("broker_write_calls", before.writeCalls, after.writeCalls),
            ("broker_disk_bytes", before.diskBytes, after.diskBytes),
        ]
        for (name, before, after) in figures {
            if let value = Self.difference(before, after) { object.put(name, Int(value)) }
        }
    }
}
