// SPDX-License-Identifier: Apache-2.0
// Subscription identifiers that go together on a PUBLISH, each combination under one small number,
// so that a delivery carries four bytes and no array.

/// Interned lists of subscription identifiers. Number 0 is the empty list; an identifier alone is
/// its own number, which covers nearly all of them without any table.
package struct IdentifierLists {
    private static let firstList: UInt32 = 1 << 28  // beyond every identifier: 268,435,455

    private var lists: [[UInt32]] = []
    private var numbers: [[UInt32]: UInt32] = [:]
    /// Places of lists that nobody used any more.
    private var free: [Int] = []
    private var crowd = IdentifierLists.crowdMin

    /// Beyond this it is worth while to look for those that nobody uses.
    private static let crowdMin = 4096

    var count: Int { numbers.count }
    /// How many identifiers the longest list has.
    var longest: Int { lists.reduce(1) { max($0, $1.count) } }
    var isCrowded: Bool { numbers.count >= crowd }

    /// `identifiers` ascending.
    mutating func number(of identifiers: [UInt32]) -> UInt32 {
        if identifiers.isEmpty { return 0 }
        if identifiers.count == 1 { return identifiers[0] }
        if let known = numbers[identifiers] { return known }
        let place: Int
        if let reused = free.popLast() {
            place = reused
            lists[place] = identifiers
        } else {
            place = lists.count
            lists.append(identifiers)
        }
        let number = Self.firstList + UInt32(place)
        numbers[identifiers] = number
        return number
    }

    package func list(_ number: UInt32) -> [UInt32] {
        if number == 0 { return [] }
        if number < Self.firstList { return [number] }
        return lists[Int(number - Self.firstList)]
    }

    /// Forgets all lists but those whose numbers are `used`: a client that changes its identifiers
    /// again and again would fill the memory.
    mutating func keep(only used: Set<UInt32>) {
        for place in lists.indices {
            let number = Self.firstList + UInt32(place)
            guard !lists[place].isEmpty, !used.contains(number) else { continue }
            numbers[lists[place]] = nil
            lists[place] = []
            free.append(place)
        }
        crowd = max(Self.crowdMin, numbers.count * 2)
    }
}
