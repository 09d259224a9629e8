// SPDX-License-Identifier: Apache-2.0
//
// The syntax of topic filters and their matching, by the examples of the standard and against a
// slow reference.

import MQTT
import Testing

@Suite struct TopicFilterTests {
    func parse(_ filter: String, sharing: Bool = true) throws(DecodeError) -> TopicFilter {
        let bytes = Array(filter.utf8)
        return try TopicFilter(bytes.span, 0..<bytes.count, sharing: sharing)
    }

    func flaw(of filter: String) -> DecodeError? {
        do {
            _ = try parse(filter)
            return nil
        } catch {
            return error
        }
    }

    func matches(_ filter: String, _ topic: String) -> Bool {
        let filter = Array(filter.utf8)
        let topic = Array(topic.utf8)
        return TopicFilter.matches(filter: filter.span, topic: topic.span)
    }

    @Test func validFilters() {
        let filters = [
            "a", "/", "#", "+", "/#", "+/#", "a/+/b", "+/+", "a/#", "//", "$SYS/#", "ü/+",
            "$share", "$shared/x", "$sharex/+/#",
        ]
        for filter in filters { #expect(flaw(of: filter) == nil, "\(filter)") }
    }

    /// [MQTT-4.7.1-1], [MQTT-4.7.1-2], [MQTT-4.7.3-1]
    @Test func invalidFilters() {
        #expect(flaw(of: "") == .malformed(.emptyFilter))
        #expect(flaw(of: String(repeating: "a", count: 65_536)) == .malformed(.topicTooLong))
        for filter in [
            "a#", "#/a", "a/#/b", "##", "a+", "+a", "a/b+", "a/+b/c", "++", "#+", "a/##",
        ] {
            #expect(flaw(of: filter) == .malformed(.misplacedWildcard), "\(filter)")
        }
    }

    /// [MQTT-4.8.2-1], [MQTT-4.8.2-2]
    @Test func sharedFilters() throws {
        let text = "$share/group/sensor/+"
        let filter = try parse(text)
        let bytes = Array(text.utf8)
        #expect(bytes.text(filter.shareName) == "group")
        #expect(bytes.text(filter.filter) == "sensor/+")
        #expect(filter.isShared)
        #expect(filter.hasWildcard)
        #expect(flaw(of: "$share//a") == .malformed(.shareName))
        #expect(flaw(of: "$share/+/a") == .malformed(.shareName))
        #expect(flaw(of: "$share/g#/a") == .malformed(.shareName))
        #expect(flaw(of: "$share/g") == .malformed(.emptyFilter))
        #expect(flaw(of: "$share/g/") == .malformed(.emptyFilter))
        #expect(flaw(of: "$share/g/a#") == .malformed(.misplacedWildcard))
        #expect(flaw(of: "$share/g//") == nil)
    }

    @Test func sharingMayBeOff() throws {
        let filter = try parse("$share/g/a", sharing: false)
        #expect(!filter.isShared)
        #expect(filter.filter == filter.text)
        #expect(!filter.hasWildcard)
    }

    /// The examples of chapter 4.7.
    @Test func examplesOfTheStandard() {
        #expect(matches("sport/tennis/player1/#", "sport/tennis/player1"))
        #expect(matches("sport/tennis/player1/#", "sport/tennis/player1/ranking"))
        #expect(matches("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"))
        #expect(matches("sport/#", "sport"))
        #expect(!matches("sport/#", "sports"))
        #expect(matches("#", "anything/at/all"))
        #expect(matches("sport/tennis/+", "sport/tennis/player1"))
        #expect(!matches("sport/tennis/+", "sport/tennis/player1/ranking"))
        #expect(!matches("sport/+", "sport"))
        #expect(matches("sport/+", "sport/"))
        #expect(matches("+/+", "/finance"))
        #expect(matches("/+", "/finance"))
        #expect(!matches("+", "/finance"))
        #expect(!matches("ACCOUNTS", "Accounts"))
        #expect(!matches("/finance", "finance"))
    }

    /// [MQTT-4.7.2-1]
    @Test func leadingWildcardsPassDollarTopicsBy() {
        #expect(!matches("#", "$SYS/uptime"))
        #expect(!matches("+/uptime", "$SYS/uptime"))
        #expect(matches("$SYS/#", "$SYS/uptime"))
        #expect(matches("$SYS/+", "$SYS/uptime"))
        #expect(matches("a/#", "a/$SYS"))
    }

    @Test func agreesWithASlowReference() {
        var random = SplitMix64(seed: 2)
        let words = ["", "a", "b", "ab", "$x", "ü"]
        var hits = 0
        for _ in 0..<50_000 {
            let topic = (0...random.upTo(4)).map { _ in random.pick(words) }
            var filter = topic.map { random.chance(oneIn: 3) ? "+" : $0 }
            if random.chance(oneIn: 3) {
                filter[random.upTo(filter.count - 1)] = random.pick(words)
            }
            if random.chance(oneIn: 3) { filter.append(random.pick(words)) }
            if random.chance(oneIn: 3), filter.count > 1 { filter.removeLast() }
            if random.chance(oneIn: 3) { filter.append("#") }
            let expected = reference(filter[...], topic[...], isFirst: true)
            if expected { hits += 1 }
            let found = matches(filter.joined(separator: "/"), topic.joined(separator: "/"))
            if found != expected { Issue.record("\(filter) \(topic)") }
        }
        #expect(10_000..<40_000 ~= hits)
    }

    private func reference(
        _ filter: ArraySlice<String>, _ topic: ArraySlice<String>, isFirst: Bool = false
    ) -> Bool {
        guard let wanted = filter.first else { return topic.isEmpty }
        let isHidden = isFirst && topic.first?.hasPrefix("$") == true
        if wanted == "#" { return !isHidden }
        guard let found = topic.first else { return false }
        guard wanted == "+" ? !isHidden : wanted == found else { return false }
        return reference(filter.dropFirst(), topic.dropFirst())
    }
}
