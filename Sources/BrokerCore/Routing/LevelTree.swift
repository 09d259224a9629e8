// SPDX-License-Identifier: Apache-2.0
// A tree of topic levels, the shape behind subscriptions and retained messages. A `+` in a filter is a
// level like any other here, and its users give it a meaning; but as they ask for it at each step, and
// hardly ever find it, a node knows whether it is there.
import MQTT

/// The text of a level, where its node is: nearly all are short, and an array for each would cost
/// more than the rest of the node.
struct LevelText {
    private static let long: UInt8 = .max

    private(set) var bytes = InlineArray<15, UInt8>(repeating: 0)
    private var length: UInt8 = 0

    init() {}

    /// Too long a text is only told to be so.
    init(_ text: Span<UInt8>) {
        guard text.count <= bytes.count else {
            length = Self.long
            return
        }
        for index in text.indices { bytes[index] = text[index] }
        length = UInt8(text.count)
    }

    var isLong: Bool { length == Self.long }
    var count: Int { Int(length) }
    var first: UInt8? { length == 0 ? nil : bytes[0] }
}

/// The levels that are wildcards in a filter.
struct Wildcards: OptionSet {
    let rawValue: UInt8

    static let plus = Wildcards(rawValue: 1)
    static let hash = Wildcards(rawValue: 2)

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// What this level is of them.
    init(_ level: LevelText) {
        guard level.count == 1 else {
            self = []
            return
        }
        self = level.first == Topic.plus ? .plus : level.first == Topic.hash ? .hash : []
    }

    var count: Int { rawValue.nonzeroBitCount }
}

/// Nodes found by (parent, level) through one hash table, so that a step down costs the same
/// with ten children and with a million. Wildcards come first in the list of a node's children.
struct LevelTree<Value>: ~Copyable {
    typealias Node = Int32

    struct Place {
        var parent: Node
        var firstChild = LevelTree.none
        var previous = LevelTree.none
        var next = LevelTree.none
        var level: LevelText
        var value: Value?
        /// Among its children.
        var wildcards: Wildcards = []
    }

    static var none: Node { -1 }
    static var root: Node { 0 }

    private var places = Chunks<Place>()
    /// Nodes that are not in the tree, one behind the other.
    private var free = LevelTree.none
    /// Nodes that somebody will come back to, and how many will: they stay, whether they carry something or not.
    private var pins: [Node: Int] = [:]
    /// Texts of levels that are too long for their place.
    private var longTexts: [Node: [UInt8]] = [:]
    private var table = PlaceTable()
    private let seed: UInt64
    private(set) var valueCount = 0

    /// `seed` keeps strangers from choosing levels that collide.
    init(seed: UInt64) {
        self.seed = seed
        places.append(Place(parent: Self.none, level: LevelText()))
    }

    subscript(node: Node) -> Value? { places[Int(node)].value }

    func child(of parent: Node, _ bytes: Span<UInt8>, _ level: Range<Int>) -> Node? {
        let text = bytes.extracting(level)
        let found = table.find(hash(parent, text)) { place in
            places[place].parent == parent && isText(of: Node(place), equalTo: text)
        }
        return found.map { Node($0) }
    }

    /// The child that is this wildcard. Nothing is looked up for it, whether there is one or not.
    func child(of parent: Node, _ wildcard: Wildcards) -> Node? {
        guard places[Int(parent)].wildcards.contains(wildcard) else { return nil }
        let first = places[Int(parent)].firstChild
        return Wildcards(places[Int(first)].level) == wildcard ? first : places[Int(first)].next
    }

    /// Whether a level that is no wildcard may be found below a node.
    func hasOrdinaryChildren(_ parent: Node) -> Bool {
        var child = places[Int(parent)].firstChild
        for _ in 0..<places[Int(parent)].wildcards.count { child = places[Int(child)].next }
        return child != Self.none
    }

    func parent(of node: Node) -> Node { places[Int(node)].parent }

    func firstChild(of parent: Node) -> Node? {
        let child = places[Int(parent)].firstChild
        return child == Self.none ? nil : child
    }

    /// The next child of the same parent. What is added comes in front, and so in front of who goes this way.
    func sibling(behind node: Node) -> Node? {
        let next = places[Int(node)].next
        return next == Self.none ? nil : next
    }

    /// In no order that means anything.
    func forEachValue(_ body: (Value) -> Void) {
        for place in 0..<places.count {
            if let value = places[place].value { body(value) }
        }
    }

    /// Whether a level begins with `$`: such trees are hidden from leading wildcards.
    func beginsWithDollar(_ node: Node) -> Bool {
        let level = places[Int(node)].level
        return (level.isLong ? longTexts[node]?.first : level.first) == Topic.dollar
    }

    /// The whole topic or filter that leads to a node.
    func text(of node: Node) -> [UInt8] {
        var way: [Node] = []
        var next = node
        while next != Self.root {
            way.append(next)
            next = places[Int(next)].parent
        }
        var text: [UInt8] = []
        for node in way.reversed() {
            if node != way.last { text.append(Topic.separator) }
            let level = places[Int(node)].level
            if let long = longTexts[node] {
                text += long
            } else {
                for at in 0..<level.count { text.append(level.bytes[at]) }
            }
        }
        return text
    }

    /// The node of a whole topic or filter, if it exists.
    func find(_ bytes: Span<UInt8>) -> Node? {
        var node = Self.root
        var levels = TopicLevels(bytes.indices)
        while let level = levels.next(in: bytes) {
            guard let next = child(of: node, bytes, level) else { return nil }
            node = next
        }
        return node
    }

    /// The node of a whole topic or filter, made where it is missing.
    mutating func make(_ bytes: Span<UInt8>) -> Node {
        var node = Self.root
        var levels = TopicLevels(bytes.indices)
        while let level = levels.next(in: bytes) {
            node = child(of: node, bytes, level) ?? add(under: node, bytes, level)
        }
        return node
    }

    /// Changes the value at `node` in place; nodes that carry nothing any more vanish.
    mutating func update<R>(_ node: Node, _ change: (inout Value?) -> R) -> R {
        let had = places[Int(node)].value != nil
        let result = change(&places[Int(node)].value)
        let has = places[Int(node)].value != nil
        valueCount += (has ? 1 : 0) - (had ? 1 : 0)
        if !has { prune(node) }
        return result
    }

    mutating func pin(_ node: Node) {
        pins[node, default: 0] += 1
    }

    mutating func unpin(_ node: Node) {
        let others = pins[node]! - 1
        pins[node] = others == 0 ? nil : others
        prune(node)
    }

    private mutating func add(
        under parent: Node, _ bytes: Span<UInt8>, _ level: Range<Int>
    ) -> Node {
        var place = Place(parent: parent, level: LevelText(bytes.extracting(level)))
        let wildcard = Wildcards(place.level)
        place.next = places[Int(parent)].firstChild
        if wildcard.isEmpty {
            for _ in 0..<places[Int(parent)].wildcards.count {
                place.previous = place.next
                place.next = places[Int(place.next)].next
            }
        }
        let node: Node
        if free != Self.none {
            node = free
            free = places[Int(node)].next
            places[Int(node)] = place
        } else {
            node = Node(places.count)
            places.append(place)
        }
        if place.level.isLong { longTexts[node] = level.map { bytes[$0] } }
        if place.next != Self.none { places[Int(place.next)].previous = node }
        if place.previous == Self.none {
            places[Int(parent)].firstChild = node
        } else {
            places[Int(place.previous)].next = node
        }
        places[Int(parent)].wildcards.formUnion(wildcard)
        table.insert(Int(node), hash(parent, bytes.extracting(level)))
        return node
    }

    private mutating func prune(_ start: Node) {
        var node = start
        while node != Self.root, places[Int(node)].value == nil,
            places[Int(node)].firstChild == Self.none, pins.isEmpty || pins[node] == nil
        {
            let place = places[Int(node)]
            table.remove(Int(node), hash(of: node))
            if place.previous == Self.none {
                places[Int(place.parent)].firstChild = place.next
            } else {
                places[Int(place.previous)].next = place.next
            }
            if place.next != Self.none { places[Int(place.next)].previous = place.previous }
            places[Int(place.parent)].wildcards.subtract(Wildcards(place.level))
            if place.level.isLong { longTexts[node] = nil }
            places[Int(node)].next = free
            free = node
            node = place.parent
        }
    }

    private func hash(_ parent: Node, _ text: Span<UInt8>) -> UInt32 {
        let value = hashOfBytes(text, seed: seed ^ UInt64(UInt32(bitPattern: parent)))
        return UInt32(truncatingIfNeeded: value)
    }

    private func hash(of node: Node) -> UInt32 {
        let place = places[Int(node)]
        guard place.level.isLong else {
            return hash(place.parent, place.level.bytes.span.extracting(0..<place.level.count))
        }
        let text = longTexts[node]!
        return hash(place.parent, text.span)
    }

    private func isText(of node: Node, equalTo bytes: Span<UInt8>) -> Bool {
        let level = places[Int(node)].level
        if level.isLong { return bytesAreEqual(longTexts[node]!, bytes) }
        return level.count == bytes.count
            && bytesAreEqual(level.bytes.span.extracting(0..<level.count), bytes)
    }
}
