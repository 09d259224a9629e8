// SPDX-License-Identifier: Apache-2.0
// A growing run of bytes with a consumed front: what a batch is gathered in, and what a
// connection's output waits in. It holds no memory while it is empty.

/// Bytes appended at the end and taken from the front.
@safe
public struct ByteBuffer: ~Copyable {
    @usableFromInline var base: UnsafeMutableRawPointer?
    // 32 bits each: there is one of these for every connection, and 4 GiB wait in none.
    @usableFromInline var storedCapacity: UInt32 = 0
    @usableFromInline var storedHead: UInt32 = 0
    @usableFromInline var storedTail: UInt32 = 0

    public init() {
        unsafe base = nil
    }

    deinit {
        unsafe base?.deallocate()
    }

    /// Offsets into the memory: `head..<tail` is live.
    public private(set) var head: Int {
        @inlinable
        get { Int(storedHead) }
        set { storedHead = UInt32(newValue) }
    }

    public private(set) var tail: Int {
        @inlinable
        get { Int(storedTail) }
        set { storedTail = UInt32(newValue) }
    }

    @usableFromInline private(set) var capacity: Int {
        @inlinable
        get { Int(storedCapacity) }
        set { storedCapacity = UInt32(newValue) }
    }

    @inlinable
    public var count: Int { tail - head }

    @inlinable
    public var isEmpty: Bool { head == tail }

    public func withBytes<R>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        precondition(range.lowerBound >= head && range.upperBound <= tail)
        guard let base = unsafe base, !range.isEmpty else {
            return unsafe body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return unsafe body(
            UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// Appends what `write` writes, at most `size` bytes. Returns how far live bytes moved down.
    @inlinable @inline(__always)
    @discardableResult
    public mutating func append(atMost size: Int, _ write: (inout OutputRawSpan) -> Void) -> Int {
        let moved = reserve(size)
        fill(atMost: size, write)
        return moved
    }

    /// The same, where `size` bytes were reserved.
    @inlinable @inline(__always)
    mutating func fill(atMost size: Int, _ write: (inout OutputRawSpan) -> Void) {
        let free = unsafe UnsafeMutableRawBufferPointer(start: end, count: size)
        var span = unsafe OutputRawSpan(buffer: free, initializedCount: 0)
        write(&span)
        storedTail &+= UInt32(truncatingIfNeeded: span.byteCount)
    }

    public mutating func append(_ bytes: Span<UInt8>) {
        append(atMost: bytes.count) { out in
            unsafe out.withUnsafeMutableBytes { memory, count in
                unsafe bytes.withUnsafeBytes { unsafe memory.copyMemory(from: $0) }
                count += bytes.count
            }
        }
    }

    /// Appends the four bytes of `word`, lowest first, where as many were reserved: a whole
    /// acknowledgement in one store.
    @inlinable @inline(__always)
    mutating func fill(word: UInt32) {
        unsafe end.storeBytes(of: word.littleEndian, as: UInt32.self)
        storedTail &+= 4
    }

    /// Forgets the first `count` bytes.
    @inline(__always)
    public mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "consumed more than there is")
        head += count
        if head == tail {
            releaseMemory()
        }
    }

    public mutating func removeAll() {
        head = tail
        releaseMemory()
    }

    /// Where the next bytes go. Some must have been reserved.
    @inlinable @inline(__always)
    var end: UnsafeMutableRawPointer { unsafe base.unsafelyUnwrapped + tail }

    /// Makes room for `size` bytes, at least one, behind `tail`. Returns how far live bytes moved down.
    @inlinable @inline(__always)
    mutating func reserve(_ size: Int) -> Int {
        if Int(storedCapacity &- storedTail) >= size { return 0 }
        return makeRoom(for: size)
    }

    /// By moving the live bytes down or into larger memory.
    @usableFromInline @inline(never)
    mutating func makeRoom(for size: Int) -> Int {
        let live = count
        let moved = head
        if live + size <= capacity, head >= live {
            unsafe base!.copyMemory(from: base! + head, byteCount: live)
        } else {
            let grown = grownCapacity(toHold: live + size)
            let memory = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 16)
            if let base = unsafe base {
                unsafe memory.copyMemory(from: base + head, byteCount: live)
                unsafe base.deallocate()
            }
            unsafe base = memory
            capacity = grown
        }
        head = 0
        tail = live
        return moved
    }

    /// Twice as much, or more. Outputs of receivers that stopped together fill at one pace, and would all
    /// be copied in the same turn if all grew by the same: they take up to half as much again, as their
    /// addresses say.
    private func grownCapacity(toHold size: Int) -> Int {
        var grown = max(capacity * 2, 512)
        while grown < size {
            grown *= 2
        }
        guard Self.mixedCapacities ~= grown else { return grown }
        let mixed = unsafe UInt(bitPattern: base) &* 0x9e37_79b9_7f4a_7c15
        return grown + grown / 16 * Int(mixed >> 61)
    }

    /// A small buffer is kept: the next turn needs it again, here or elsewhere.
    private mutating func releaseMemory() {
        head = 0
        tail = 0
        if capacity > Self.keptCapacity {
            free()
        }
    }

    /// Gives all memory of an empty buffer back.
    public mutating func trim() {
        if isEmpty { free() }
    }

    /// Gets the memory that the next bytes will lie in, if the pool has some.
    @inline(__always)
    mutating func borrow(from pool: borrowing BufferPool) {
        guard storedCapacity == 0, let memory = unsafe pool.take() else { return }
        unsafe base = memory.baseAddress
        capacity = memory.count
    }

    /// The memory of an empty buffer is for whoever is next.
    @inline(__always)
    mutating func giveBack(to pool: borrowing BufferPool) {
        guard isEmpty, storedCapacity > 0 else { return }
        unsafe pool.give(UnsafeMutableRawBufferPointer(start: base, count: capacity))
        unsafe base = nil
        storedCapacity = 0
        storedHead = 0
        storedTail = 0
    }

    private mutating func free() {
        unsafe base?.deallocate()
        unsafe base = nil
        capacity = 0
        head = 0
        tail = 0
    }

    /// Those that differ. Smaller ones cost nothing to copy; larger ones are too few to come together, and
    /// 4 GiB are the end.
    private static var mixedCapacities: ClosedRange<Int> { 2048...(64 << 20) }

    /// As much as a batch takes, or the answers to some long reads.
    private static var keptCapacity: Int { 512 * 1024 }
}
