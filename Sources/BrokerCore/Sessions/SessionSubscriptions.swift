// SPDX-License-Identifier: Apache-2.0
// What one session has subscribed to, by filter: all texts in one array and a table of places, since
// an array and a place in a dictionary for each took several times as much as the text.
import MQTT

/// The subscriptions of a session, one for each filter.
struct SessionSubscriptions {
    private struct Entry {
        var start: UInt32
        var count: UInt16
        var subscription: Subscription

        var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
    }

    /// Up to so many are simply searched.
    private static let fewMax = 8

    private var entries: ContiguousArray<Entry> = []
    private var texts: [UInt8] = []
    /// Bytes in `texts` that belong to nobody any more.
    private var unused = 0
    /// Places in `entries` by hash, counted from 1; 0 is empty. At most half full.
    private var table: ContiguousArray<UInt32> = []

    var count: Int { entries.count }

    subscript(filter: [UInt8]) -> Subscription? {
        get { place(of: filter).map { entries[$0].subscription } }
        set {
            if let place = place(of: filter) {
                if let newValue { entries[place].subscription = newValue } else { remove(place) }
            } else if let newValue {
                append(filter, newValue)
            }
        }
    }

    func forEach(_ body: (Span<UInt8>, Subscription) -> Void) {
        for entry in entries { body(texts.span.extracting(entry.range), entry.subscription) }
    }

    /// In the order of the filters' bytes: the one that everybody would choose.
    var inOrder: [(filter: [UInt8], subscription: Subscription)] {
        entries.map { (Array(texts[$0.range]), $0.subscription) }
            .sorted { $0.filter.lexicographicallyPrecedes($1.filter) }
    }

    private func place(of filter: [UInt8]) -> Int? {
        if table.isEmpty { return entries.firstIndex { isText(of: $0, equalTo: filter) } }
        let place = Int(table[slot(of: filter)])
        return place == 0 ? nil : place - 1
    }

    private func isText(of entry: Entry, equalTo filter: [UInt8]) -> Bool {
        bytesAreEqual(filter, texts.span.extracting(entry.range))
    }

    private mutating func append(_ filter: [UInt8], _ subscription: Subscription) {
        let start = UInt32(texts.count)
        texts += filter
        entries.append(
            Entry(start: start, count: UInt16(filter.count), subscription: subscription))
        if entries.count > Self.fewMax, entries.count * 2 > table.count {
            makeTable(max(4 * Self.fewMax, table.count * 2))
        } else if !table.isEmpty {
            table[slot(of: filter)] = UInt32(entries.count)
        }
    }

    private mutating func remove(_ place: Int) {
        unused += Int(entries[place].count)
        // The last one takes its place.
        let end = entries.count - 1
        if !table.isEmpty {
            forget(place)
            if place < end { table[slot(holding: end)] = UInt32(place + 1) }
        }
        entries.swapAt(place, end)
        entries.removeLast()
        if entries.isEmpty { self = SessionSubscriptions() }
        if unused > texts.count / 2 { moveTogether() }
    }

    /// What is left, without what nobody needs.
    private mutating func moveTogether() {
        var kept: [UInt8] = []
        kept.reserveCapacity(texts.count - unused)
        for index in entries.indices {
            let range = entries[index].range
            entries[index].start = UInt32(kept.count)
            kept += texts[range]
        }
        texts = kept
        unused = 0
    }
}

// The table.
extension SessionSubscriptions {
    private func home(of filter: [UInt8]) -> Int {
        filter.hashValue & (table.count - 1)
    }

    private func home(ofEntry place: Int) -> Int {
        home(of: Array(texts[entries[place].range]))
    }

    /// The slot of this filter, or the empty one where it belongs.
    private func slot(of filter: [UInt8]) -> Int {
        var at = home(of: filter)
        while table[at] != 0, !isText(of: entries[Int(table[at]) - 1], equalTo: filter) {
            at = (at + 1) & (table.count - 1)
        }
        return at
    }

    private func slot(holding place: Int) -> Int {
        var at = home(ofEntry: place)
        while table[at] != UInt32(place + 1) {
            at = (at + 1) & (table.count - 1)
        }
        return at
    }

    private mutating func forget(_ place: Int) {
        let mask = table.count - 1
        var hole = slot(holding: place)
        var at = (hole + 1) & mask
        while table[at] != 0 {
            if (at - home(ofEntry: Int(table[at]) - 1)) & mask >= (at - hole) & mask {
                table[hole] = table[at]
                hole = at
            }
            at = (at + 1) & mask
        }
        table[hole] = 0
    }

    private mutating func makeTable(_ size: Int) {
        table = ContiguousArray(repeating: 0, count: size)
        for place in entries.indices {
            var at = home(ofEntry: place)
            while table[at] != 0 { at = (at + 1) & (size - 1) }
            table[at] = UInt32(place + 1)
        }
    }
}
