// SPDX-License-Identifier: Apache-2.0
// A search for the retained messages of all topics that some filters match. There may be a million of
// them, so it goes on from turn to turn, while messages are retained, replaced and taken back.
import MQTT

/// What a level of a topic must be.
private enum WantedLevel {
    /// As in the filter, there.
    case text(Range<Int>)
    /// Anything, for a `+`.
    case any
    /// Anything, and so all levels behind it, for a `#`.
    case rest

    init(_ range: Range<Int>, in filter: [UInt8]) {
        let wildcard = range.count == 1 ? filter[range.lowerBound] : 0
        self =
            wildcard == Topic.hash ? .rest : wildcard == Topic.plus ? .any : .text(range)
    }
}

/// Where a search has come. It finds what was retained when it began, and nothing that came since.
struct RetainedSearch {
    private let filters: [[UInt8]]
    /// Of all searches.
    fileprivate let number: UInt64
    /// The filter that it is at, by its place.
    fileprivate private(set) var current = -1
    private var levels: [WantedLevel] = []
    /// The topic, or the beginning of one, that it is at, and how many levels that has.
    fileprivate var node = LevelTree<Retained>.root
    fileprivate var depth = 0

    fileprivate init(_ filters: [[UInt8]], number: UInt64) {
        self.filters = filters
        self.number = number
        beginNextFilter()
    }

    var isOver: Bool { current == filters.count }

    /// Behind the last one it is over.
    fileprivate mutating func beginNextFilter() {
        current += 1
        guard !isOver else { return }
        let filter = filters[current]
        var ranges = TopicLevels(filter.indices)
        levels.removeAll()
        while let range = ranges.next(in: filter.span) {
            levels.append(WantedLevel(range, in: filter))
        }
    }

    /// What the filter wants behind the first levels; nil where it has ended.
    private func wanted(behind depth: Int) -> WantedLevel? {
        if depth < levels.count { return levels[depth] }
        guard case .rest = levels.last else { return nil }
        return .rest
    }

    /// The filter matches topics that end here. A `#` stands for no level, too. [MQTT 5.0, 4.7.1.2]
    fileprivate var matches: Bool {
        switch wanted(behind: depth) {
        case .rest, nil: true
        case .text, .any: false
        }
    }

    /// What stands beside this node may match as well.
    fileprivate var isAtWildcard: Bool {
        switch wanted(behind: depth - 1) {
        case .rest, .any: true
        case .text, nil: false
        }
    }

    /// The first node below this one that may match.
    fileprivate func child(in tree: borrowing LevelTree<Retained>) -> LevelTree<Retained>.Node? {
        switch wanted(behind: depth) {
        case .text(let range):
            let filter = filters[current]
            return tree.child(of: node, filter.span, range)
        case .any, .rest: return tree.firstChild(of: node)
        case nil: return nil
        }
    }
}

extension RetainedMessages {
    /// End it, whether it has come to its own end or not.
    mutating func beginSearch(_ filters: [[UInt8]]) -> RetainedSearch {
        searchesBegun += 1
        searchesOpen += 1
        let search = RetainedSearch(filters, number: searchesBegun)
        tree.pin(search.node)
        return search
    }

    /// Goes at most so many steps on, and calls `body` with what is found, and for which of the filters.
    mutating func go(
        _ steps: Int, on search: inout RetainedSearch, _ body: (MessageID, _ filter: Int) -> Void
    ) {
        let start = search.node
        for _ in 0..<steps where !search.isOver {
            guard step(&search) else {
                search.beginNextFilter()
                continue
            }
            if search.matches, !isHidden(search), let message = tree[search.node]?.message,
                !isYounger(message, than: search)
            {
                body(message, search.current)
            }
        }
        tree.pin(search.node)
        tree.unpin(start)
    }

    mutating func end(_ search: RetainedSearch) {
        tree.unpin(search.node)
        searchesOpen -= 1
        if searchesOpen == 0 { young = [:] }
    }

    /// To the next node that the filter may match: below this one, beside it, or beside one above it.
    /// False at the root, behind all others.
    private func step(_ search: inout RetainedSearch) -> Bool {
        if !isHidden(search), let child = search.child(in: tree) {
            search.node = child
            search.depth += 1
            return true
        }
        while search.depth > 0 {
            if search.isAtWildcard, let next = tree.sibling(behind: search.node) {
                search.node = next
                return true
            }
            search.node = tree.parent(of: search.node)
            search.depth -= 1
        }
        return false
    }

    /// [MQTT-4.7.2-1]
    private func isHidden(_ search: RetainedSearch) -> Bool {
        search.depth == 1 && search.isAtWildcard && tree.beginsWithDollar(search.node)
    }

    private func isYounger(_ message: MessageID, than search: RetainedSearch) -> Bool {
        guard !young.isEmpty, let begun = young[message] else { return false }
        return begun >= search.number
    }
}
