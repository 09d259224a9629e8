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
        let free = unsafe freeSpace(size)
        var span = unsafe OutputRawSpan(buffer: free, initializedCount: 0)
        write(&span)
        advance(by: span.byteCount)
        return moved
    }

    public mutating func append(_ bytes: Span<UInt8>) {
        append(atMost: bytes.count) { out in
            unsafe out.withUnsafeMutableBytes { memory, count in
                unsafe bytes.withUnsafeBytes { unsafe memory.copyMemory(from: $0) }
                count += bytes.count
            }
        }
    }

    /// Appends the four bytes of `word`, lowest first: a whole acknowledgement in one store.
    @inlinable @inline(__always)
    @discardableResult
    public mutating func append(word: UInt32) -> Int {
        let moved = reserve(4)
        let free = unsafe freeSpace(4)
        unsafe free.storeBytes(of: word.littleEndian, as: UInt32.self)
        advance(by: 4)
        return moved
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

    @inlinable @inline(__always)
    func freeSpace(_ size: Int) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: base! + tail, count: size)
    }

    @inlinable @inline(__always)
    mutating func advance(by count: Int) {
        precondition(count >= 0 && count <= capacity - tail)
        storedTail &+= UInt32(count)
    }

    /// Makes room behind `tail`, by moving the live bytes down or into larger memory.
    @inlinable @inline(__always)
    mutating func reserve(_ size: Int) -> Int {
        if capacity - tail >= size { return 0 }
        return makeRoom(for: size)
    }

    @usableFromInline @inline(never)
    mutating func makeRoom(for size: Int) -> Int {
        let live = count
        let moved = head
        if live + size <= capacity, head >= live {
            unsafe base!.copyMemory(from: base! + head, byteCount: live)
        } else {
            var grown = max(capacity * 2, 512)
            while grown < live + size {
                grown *= 2
            }
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

    /// As much as a batch takes, or the answers to some long reads.
    private static var keptCapacity: Int { 512 * 1024 }
}
