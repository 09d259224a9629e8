// SPDX-License-Identifier: Apache-2.0
// Subscription identifiers that go together on a PUBLISH, each combination under one small number,
// so that a delivery carries four bytes and no array.

/// Interned lists of subscription identifiers. Number 0 is the empty list; an identifier alone is
/// its own number, which covers nearly all of them without any table.
package struct IdentifierLists {
    private static let firstList: UInt32 = 1 << 28  // beyond every identifier: 268,435,455

    private var lists: [[UInt32]] = []
    private var numbers: [[UInt32]: UInt32] = [:]

    /// `identifiers` ascending.
    mutating func number(of identifiers: [UInt32]) -> UInt32 {
        if identifiers.isEmpty { return 0 }
        if identifiers.count == 1 { return identifiers[0] }
        if let known = numbers[identifiers] { return known }
        let number = Self.firstList + UInt32(lists.count)
        lists.append(identifiers)
        numbers[identifiers] = number
        return number
    }

    package func list(_ number: UInt32) -> [UInt32] {
        if number == 0 { return [] }
        if number < Self.firstList { return [number] }
        return lists[Int(number - Self.firstList)]
    }
}
