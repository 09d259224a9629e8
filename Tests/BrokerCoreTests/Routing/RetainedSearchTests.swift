// SPDX-License-Identifier: Apache-2.0
// Searches for retained messages that go on while the tree changes, against brute force.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct RetainedSearchTests {
    private static let names = ["", "a", "b", "$x", "a level that is long"]
    private static let words = names + ["+", "+", "#"]

    /// A search, and what brute force knows of it.
    private struct Course {
        let filters: [[UInt8]]
        var search: RetainedSearch
        /// What was retained when it began, by topic.
        let first: [[UInt8]: MessageID]
        /// Topics that something has happened to since.
        var touched: Set<[UInt8]> = []
        var found: [[MessageID]]

        init(_ filters: [[UInt8]], _ search: RetainedSearch, _ first: [[UInt8]: MessageID]) {
            self.filters = filters
            self.search = search
            self.first = first
            found = filters.map { _ in [] }
        }

        /// Each that was left alone is found once, and others at most once, unless they came later.
        func judge() {
            for (filter, found) in zip(filters, found) {
                let matching = first.filter {
                    TopicFilter.matches(filter: filter.span, topic: $0.key.span)
                }
                let certain = matching.filter { !touched.contains($0.key) }.map(\.value)
                #expect(Set(found).count == found.count)
                #expect(Set(found).isSuperset(of: certain))
                #expect(Set(found).isSubset(of: matching.values))
            }
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func whatWasThereAtTheBeginningIsFoundOnce(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var retained = RetainedMessages(seed: seed)
        var model: [[UInt8]: MessageID] = [:]
        var courses: [Course] = []
        for number in 0..<1500 as Range<UInt32> {
            switch random.upTo(9) {
            case 0:
                let filters = (0...random.upTo(2)).map { _ in random.path(of: Self.words) }
                courses.append(Course(filters, retained.beginSearch(filters), model))
            case 1 where !courses.isEmpty:
                // Given up on the way.
                let course = courses.remove(at: random.upTo(courses.count - 1))
                retained.end(course.search)
            case 2...5 where !courses.isEmpty:
                var course = courses.remove(at: random.upTo(courses.count - 1))
                var found: [(MessageID, filter: Int)] = []
                retained.go(1 + random.upTo(3), on: &course.search) { found.append(($0, $1)) }
                for (message, filter) in found { course.found[filter].append(message) }
                guard course.search.isOver else {
                    courses.append(course)
                    break
                }
                retained.end(course.search)
                course.judge()
            default:
                let topic = random.path(of: Self.names)
                // Places are given to others as soon as their messages are gone.
                let used = Set(model.values.map(\.place))
                let place = ((number % 7)...).first { !used.contains($0) }!
                let message = random.chance(oneIn: 2) ? nil : MessageID(place: place)
                let before = retained.replace(
                    topic: topic.span, with: message, expiring: .distantFuture)
                #expect(before == model[topic])
                model[topic] = message
                for at in courses.indices { courses[at].touched.insert(topic) }
                #expect(retained.young.count <= retained.count)
            }
        }
        for course in courses { retained.end(course.search) }
        for topic in model.keys {
            _ = retained.replace(topic: topic.span, with: nil, expiring: .distantFuture)
        }
        #expect(retained.count == 0 && retained.young.isEmpty)
        #expect(retained.tree.firstChild(of: LevelTree<Retained>.root) == nil)
    }
}
