// SPDX-License-Identifier: Apache-2.0
//
// The unfinished rest of what a connection has sent. A small one is put back in front of the shared
// receive buffer before the next read. A large one is a buffer that is read into directly and grows
// with what has really arrived. Where it is known how much is to come, it grows in few steps, since each
// copies what has come, into memory that is new; no page of it is taken before something comes into it.

import Glibc

struct Tail: BitwiseCopyable {
    /// Up to here copying to and fro is cheaper than a buffer of one's own.
    static let smallMax = 16 * 1024
    /// A buffer becomes so many times as large, and from `wholeFrom` on as large as the whole: so a step
    /// copies less than a mebibyte.
    private static let stride = 8
    private static let wholeFrom = 128 * 1024

    private(set) var base: UnsafeMutableRawPointer?
    private var storedCount: UInt32
    private var storedCapacity: UInt32

    static var empty: Tail { Tail(base: nil, storedCount: 0, storedCapacity: 0) }

    var count: Int { Int(storedCount) }
    var capacity: Int { Int(storedCapacity) }
    var isLarge: Bool { storedCount > Self.smallMax }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    mutating func release() {
        giveBack(base, capacity)
        self = .empty
    }

    /// Keeps a copy of bytes that lie elsewhere, in the place of what was kept.
    mutating func keep(_ rest: UnsafeRawBufferPointer) {
        guard let source = rest.baseAddress, !rest.isEmpty else { return release() }
        if rest.count > Self.smallMax {
            resize(to: 2 * rest.count)
        } else if rest.count > capacity || capacity > Self.smallMax {
            resize(to: (rest.count + 63) & ~63)
        }
        base!.copyMemory(from: source, byteCount: rest.count)
        storedCount = UInt32(rest.count)
    }

    /// Room behind the kept bytes, for reading into directly. They are the beginning of `whole` bytes,
    /// where that is known.
    mutating func room(
        atLeast wanted: Int, of whole: Int? = nil
    ) -> UnsafeMutableRawBufferPointer {
        if capacity - count < wanted {
            let step = capacity < Self.wholeFrom ? Self.stride * capacity : .max
            let most = min(whole ?? 0, step)
            if most < count + wanted || !resizes(to: most) {
                resize(to: max(2 * capacity, count + wanted))
            }
        }
        return UnsafeMutableRawBufferPointer(start: base! + count, count: capacity - count)
    }

    /// The kept bytes have grown by what was read into the room.
    mutating func extend(by number: Int) {
        precondition(number >= 0 && count + number <= capacity)
        storedCount += UInt32(number)
    }

    /// Drops the first bytes; they were consumed.
    mutating func drop(_ number: Int) {
        precondition(number >= 0 && number <= count)
        let rest = count - number
        guard rest > 0 else { return release() }
        guard number > 0 else { return }
        base!.copyMemory(from: base! + number, byteCount: rest)
        storedCount = UInt32(rest)
        if rest <= Self.smallMax, capacity > Self.smallMax { resize(to: (rest + 63) & ~63) }
    }

    /// Takes a packet of `size` bytes at the front out, with its memory. The rest is kept apart.
    mutating func take(_ size: Int) -> Tail {
        precondition(size > 0 && size <= count)
        var packet = self
        self = .empty
        keep(UnsafeRawBufferPointer(rebasing: packet.bytes[size...]))
        packet.storedCount = UInt32(size)
        packet.resize(to: size)
        return packet
    }

    /// Puts it in front again.
    mutating func putBack(_ packet: Tail) {
        var packet = packet
        let rest = bytes
        if !rest.isEmpty {
            packet.room(atLeast: rest.count).copyMemory(from: rest)
            packet.extend(by: rest.count)
        }
        release()
        self = packet
    }

    private mutating func resize(to wanted: Int) {
        guard resizes(to: wanted) else {
            fatalError("out of memory for \(wanted) bytes of an unfinished packet")
        }
    }

    /// False if there is not so much memory.
    private mutating func resizes(to wanted: Int) -> Bool {
        guard let memory = realloc(base, wanted) else { return false }
        base = memory
        storedCapacity = UInt32(wanted)
        return true
    }
}
