// SPDX-License-Identifier: Apache-2.0
//
// An input read as decisions. Behind its end every decision is the first one, so that each input is
// a whole script and a longer one only goes on where the shorter one ended.

struct Script {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position >= bytes.count }

    mutating func byte() -> UInt8 {
        guard position < bytes.count else { return 0 }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func twoBytes() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }

    mutating func below(_ count: Int) -> Int { Int(byte()) % count }

    mutating func flag() -> Bool { byte() & 1 == 1 }

    mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

    mutating func maybe<T>(_ make: (inout Script) -> T) -> T? { flag() ? make(&self) : nil }

    /// Fewer where the input ends.
    mutating func bytes(_ count: Int) -> [UInt8] {
        let end = min(bytes.count, position + count)
        defer { position = end }
        return Array(bytes[position..<end])
    }

    mutating func rest() -> [UInt8] { bytes(bytes.count) }
}
