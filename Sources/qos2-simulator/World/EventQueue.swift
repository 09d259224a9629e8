// SPDX-License-Identifier: Apache-2.0
// What will happen, in the order of virtual time; events of one moment come in the order in which
// they were put in.
import BrokerCore
import MQTT

/// Something that the world does to a node. `life` tells which process of a node is meant: events of
/// one that died are passed over.
enum Event {
    case start(node: Int)
    /// A dialled connection reaches the broker, or does not.
    case reaches(link: Int)
    /// The client learns what became of it.
    case answered(link: Int)
    /// Bytes, or the end of the connection, come to one end.
    case arrival(link: Int, End)
    case turn(node: Int, life: Int)
    /// A client's deadline.
    case wake(node: Int, life: Int)
    /// A deadline of the broker.
    case deadline(Deadline, at: Instant, node: Int, life: Int)
    /// The next step of the thread that writes and syncs.
    case disk(node: Int, life: Int)
    /// The next step of the thread that makes a spare segment.
    case spare(node: Int, life: Int)
    /// Spare segments and checkpoints are looked after.
    case upkeep(node: Int, life: Int)
    /// A PLC has something to say.
    case reading(publisher: Int)
    case fault
    case spaceReturns(node: Int)
    case faultsEnd
}

struct EventQueue {
    private struct Entry {
        let at: Instant
        let order: UInt64
        let event: Event

        static func < (left: Entry, right: Entry) -> Bool {
            left.at == right.at ? left.order < right.order : left.at < right.at
        }
    }

    private var heap: [Entry] = []
    private var count: UInt64 = 0

    mutating func push(_ event: Event, at: Instant) {
        count += 1
        heap.append(Entry(at: at, order: count, event: event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> (at: Instant, event: Event)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return (first.at, first.event) }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == parent { break }
            heap.swapAt(least, parent)
            parent = least
        }
        return (first.at, first.event)
    }
}
