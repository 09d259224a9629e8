// SPDX-License-Identifier: Apache-2.0
//
// Elements under ascending numbers, put in at the end and taken out from anywhere, mostly from the
// front. A place that was taken out is freed when all before it are gone too.
import MQTT

struct NumberedQueue<Element> {
    private var places: ContiguousArray<Element?> = []
    /// The first place that may be taken.
    private var head = 0
    /// The number of `places[0]`.
    private var base: UInt64 = 1
    private(set) var count = 0

    /// The number that the next element gets.
    var end: MessageNumber { MessageNumber(rawValue: base + UInt64(places.count)) }

    subscript(number: MessageNumber) -> Element? {
        guard let place = place(of: number) else { return nil }
        return places[place]
    }

    mutating func append(_ element: Element) {
        places.append(element)
        count += 1
    }

    /// The next element gets `number`. Places in between are passed over.
    mutating func skip(to number: MessageNumber) {
        precondition(number >= end, "message numbers only ascend")
        if places.isEmpty {
            base = number.rawValue
        } else {
            places.append(
                contentsOf: repeatElement(nil, count: Int(number.rawValue - end.rawValue)))
        }
    }

    @discardableResult
    mutating func remove(_ number: MessageNumber) -> Element {
        guard let place = place(of: number), let element = places[place] else {
            preconditionFailure("message \(number.rawValue) is not in the outbox")
        }
        places[place] = nil
        count -= 1
        while head < places.count, places[head] == nil {
            head += 1
        }
        if head * 2 > places.count, head >= 64 || head == places.count { compact() }
        return element
    }

    /// The oldest.
    var first: Element? { head < places.count ? places[head] : nil }

    /// In ascending order.
    func forEach(_ body: (MessageNumber, Element) -> Void) {
        for place in head..<places.count {
            guard let element = places[place] else { continue }
            body(MessageNumber(rawValue: base + UInt64(place)), element)
        }
    }

    /// In ascending order.
    var numbers: [MessageNumber] {
        places.indices.filter { places[$0] != nil }
            .map { MessageNumber(rawValue: base + UInt64($0)) }
    }

    private func place(of number: MessageNumber) -> Int? {
        guard number.rawValue >= base, number < end else { return nil }
        return Int(number.rawValue - base)
    }

    private mutating func compact() {
        places.removeFirst(head)
        base += UInt64(head)
        head = 0
    }
}
