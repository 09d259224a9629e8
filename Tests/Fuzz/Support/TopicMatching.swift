// SPDX-License-Identifier: Apache-2.0
//
// Topic filters and names by the letter of the standard, 4.7: levels as arrays, matched by recursion.
// Slow, and plain enough to be believed.
import MQTT

enum TopicMatching {
    /// Both opinions on a filter, on a name, and on whether they match.
    static func compare(
        _ filter: [UInt8], _ name: [UInt8], sharing: Bool, _ planted: Planted? = nil
    ) throws(Breach) {
        guard isText(filter) else { return }
        let ours = try? TopicFilter(filter.span, filter.indices, sharing: sharing)
        let plain = plainFilter(filter, sharing: sharing)
        try require((ours != nil) == (plain != nil), "opinions on filter \(filter.hex) differ")
        let isName = (try? TopicName.validate(name.span, name.indices)) != nil
        try require(isName == isPlainName(name), "opinions on name \(name.hex) differ")
        guard let ours, let plain, isName else { return }
        try require(
            Array(filter[ours.filter]) == Array(plain.joined(separator: [Topic.separator])),
            "\(filter.hex) is cut elsewhere")
        var matches = TopicFilter.matches(
            filter: filter.span.extracting(ours.filter), topic: name.span)
        if planted == .parentForgotten, plain.last == [Topic.hash], plain.count > levels(name).count
        {
            matches = false
        }
        try require(
            matches == plainMatches(plain, name),
            "opinions on \(filter.hex) and \(name.hex) differ")
    }

    static func levels(_ text: [UInt8]) -> [[UInt8]] {
        text.split(separator: Topic.separator, omittingEmptySubsequences: false).map(Array.init)
    }

    private static func isText(_ bytes: [UInt8]) -> Bool {
        String(validating: bytes, as: UTF8.self) != nil && !bytes.contains(0)
    }

    private static func isPlainName(_ name: [UInt8]) -> Bool {
        isText(name) && !name.isEmpty && name.count <= 65_535
            && !name.contains(Topic.plus) && !name.contains(Topic.hash)
    }

    /// The levels to match with; nil if the filter is wrong.
    private static func plainFilter(_ filter: [UInt8], sharing: Bool) -> [[UInt8]]? {
        var levels = levels(filter)
        if sharing, levels.count > 1, levels[0] == Array("$share".utf8) {
            let name = levels[1]
            guard levels.count > 2, !name.isEmpty, !name.contains(Topic.plus),
                !name.contains(Topic.hash)
            else { return nil }
            levels.removeFirst(2)
        }
        guard filter.count <= 65_535, levels != [[]] else { return nil }
        for (index, level) in levels.enumerated() {
            if level.contains(Topic.hash), level != [Topic.hash] || index + 1 < levels.count {
                return nil
            }
            if level.contains(Topic.plus), level != [Topic.plus] { return nil }
        }
        return levels
    }

    private static func plainMatches(_ filter: [[UInt8]], _ name: [UInt8]) -> Bool {
        let isOwn = name.first == Topic.dollar
        if isOwn, filter[0] == [Topic.plus] || filter[0] == [Topic.hash] { return false }
        return matches(filter[...], levels(name)[...])
    }

    private static func matches(
        _ filter: ArraySlice<[UInt8]>, _ name: ArraySlice<[UInt8]>
    ) -> Bool {
        guard let wanted = filter.first else { return name.isEmpty }
        if wanted == [Topic.hash] { return true }
        guard let found = name.first, wanted == [Topic.plus] || wanted == found else {
            return false
        }
        return matches(filter.dropFirst(), name.dropFirst())
    }
}
