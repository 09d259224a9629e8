// SPDX-License-Identifier: Apache-2.0
// When retained messages expire: the next is always known, so that their memory is given back
// without anybody asking for them.
import HeapModule
import MQTT

struct RetainedExpiry {
    struct Entry: Comparable {
        let expires: Instant
        let message: MessageID
        let number: UInt64

        static func < (left: Entry, right: Entry) -> Bool {
            (left.expires, left.number) < (right.expires, right.number)
        }
    }

    /// Those that were replaced stay until their time, or until there are too many of them.
    private var heap = Heap<Entry>()
    /// How many of the heap are retained still.
    private var living = 0

    private static let strayMax = 1024

    var known: Int { heap.count }
    var next: Instant? { heap.min?.expires }

    /// There are so many replaced ones that it is worth while to forget them.
    var isCrowded: Bool { heap.count > 2 * living + Self.strayMax }

    mutating func retained(_ entry: Entry) {
        guard entry.expires != .distantFuture else { return }
        heap.insert(entry)
        living += 1
    }

    /// It is not its topic's retained message any more.
    mutating func replaced(_ entry: Entry) {
        if entry.expires != .distantFuture { living -= 1 }
    }

    mutating func popExpired(at now: Instant) -> Entry? {
        guard let first = heap.min, first.expires <= now else { return nil }
        return heap.popMin()
    }

    mutating func keep(_ isCurrent: (Entry) -> Bool) {
        heap = Heap(heap.unordered.filter(isCurrent))
    }
}
