// SPDX-License-Identifier: Apache-2.0
//
// A binary heap of deadlines keyed by small dense integers. A table tells where in the heap a key
// stands, so setting, moving and cancelling are exact and O(log n): nothing stale stays behind.
// Times are nanoseconds on the loop's clock; the clock itself is not here.

/// At most one deadline per key.
struct Deadlines: ~Copyable {
    // Not private: the compiler ends a debug build where a generic of another file holds such a type.
    struct Entry {
        var time: Int64
        var key: Int32
    }

    /// When the next deadline is due; the end of time where there is none.
    private(set) var earliest = Int64.max

    private var heap = GrowingMemory<Entry>()
    private(set) var count = 0

    /// Place in the heap plus one, by key; zero for a key without a deadline.
    private var places = GrowingMemory<Int32>()

    func time(of key: Int) -> Int64? {
        guard key < places.capacity, places[key] != 0 else { return nil }
        return heap[Int(places[key]) - 1].time
    }

    mutating func set(_ key: Int, at time: Int64) {
        precondition(key >= 0 && key < Int(Int32.max), "a key is a small dense integer, not \(key)")
        if key >= places.capacity { places.grow(toHold: key + 1) }
        var place = Int(places[key]) - 1
        if place < 0 {
            if count == heap.capacity { heap.grow(toHold: count + 1) }
            place = count
            count += 1
        }
        settle(Entry(time: time, key: Int32(truncatingIfNeeded: key)), from: place)
        earliest = heap[0].time
    }

    mutating func cancel(_ key: Int) {
        guard key >= 0, key < places.capacity, places[key] != 0 else { return }
        let place = Int(places[key]) - 1
        places[key] = 0
        count -= 1
        if place < count { settle(heap[count], from: place) }
        earliest = count == 0 ? .max : heap[0].time
    }

    /// Takes the earliest deadline out, if it is due.
    mutating func popDue(at now: Int64) -> Int? {
        guard count > 0, earliest <= now else { return nil }
        let key = Int(heap[0].key)
        cancel(key)
        return key
    }

    /// Puts an entry where the order wants it, starting with the hole at `place`.
    private func settle(_ entry: Entry, from place: Int) {
        var hole = place
        while hole > 0 {
            let parent = (hole - 1) / 2
            guard entry.time < heap[parent].time else { break }
            put(heap[parent], at: hole)
            hole = parent
        }
        while true {
            var child = 2 * hole + 1
            guard child < count else { break }
            if child + 1 < count, heap[child + 1].time < heap[child].time { child += 1 }
            guard heap[child].time < entry.time else { break }
            put(heap[child], at: hole)
            hole = child
        }
        put(entry, at: hole)
    }

    private func put(_ entry: Entry, at place: Int) {
        heap[place] = entry
        places[Int(entry.key)] = Int32(truncatingIfNeeded: place + 1)
    }
}
