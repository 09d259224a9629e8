// SPDX-License-Identifier: Apache-2.0
// Which retained message expires next. It is always known, so that their memory is given back without
// anybody asking for them. A topic whose message is replaced leaves nothing here that would have to be
// found and forgotten later: of a million topics, others would wait for that.
import MQTT

/// What a topic retains.
struct Retained {
    let message: MessageID
    /// Where its topic stands in `RetainedExpiry`; nil if it never expires.
    fileprivate(set) var rank: Int32?

    init(_ message: MessageID) {
        self.message = message
    }
}

/// A binary heap of topics. The tree of topics tells where in it each of them stands.
struct RetainedExpiry: ~Copyable {
    typealias Tree = LevelTree<Retained>

    // Not private: the compiler ends a debug build where a generic of another file holds such a type.
    struct Entry {
        let expires: Instant
        let topic: Tree.Node
    }

    private var heap = Chunks<Entry>()

    var count: Int { heap.count }

    /// The topic that is the next, and when that is.
    var next: (expires: Instant, topic: Tree.Node)? {
        heap.count == 0 ? nil : (heap[0].expires, heap[0].topic)
    }

    /// The topic must retain something.
    mutating func insert(_ topic: Tree.Node, expiring expires: Instant, in tree: inout Tree) {
        let entry = Entry(expires: expires, topic: topic)
        heap.append(entry)
        settle(entry, from: heap.count - 1, in: &tree)
    }

    /// Forgets what stands at `rank`.
    mutating func remove(at rank: Int32, in tree: inout Tree) {
        let last = heap.removeLast()
        if rank < heap.count { settle(last, from: Int(rank), in: &tree) }
    }

    /// Puts an entry where the order wants it, starting with the hole at `place`.
    private mutating func settle(_ entry: Entry, from place: Int, in tree: inout Tree) {
        var hole = place
        while hole > 0 {
            let parent = (hole - 1) / 2
            guard entry.expires < heap[parent].expires else { break }
            put(heap[parent], at: hole, in: &tree)
            hole = parent
        }
        while true {
            var child = 2 * hole + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].expires < heap[child].expires { child += 1 }
            guard heap[child].expires < entry.expires else { break }
            put(heap[child], at: hole, in: &tree)
            hole = child
        }
        put(entry, at: hole, in: &tree)
    }

    private mutating func put(_ entry: Entry, at place: Int, in tree: inout Tree) {
        heap[place] = entry
        tree.update(entry.topic) { $0?.rank = Int32(place) }
    }
}
