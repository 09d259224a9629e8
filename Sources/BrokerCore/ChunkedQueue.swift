// SPDX-License-Identifier: Apache-2.0
// A queue that grows without a pause: a million may wait in it, and none is moved for one more. That is what a
// deque does each time it doubles, and the memory that it moves to is new: each page of it costs a fault.

/// Elements in the order in which they came. It takes no memory before the first, and gives it back as the
/// elements leave, but for one chunk.
@safe
struct ChunkedQueue<Element>: ~Copyable {
    /// In front of its elements.
    @safe
    private struct Chunk {
        /// Behind the newest comes the oldest.
        var next: UnsafeMutablePointer<Chunk>
        /// Of the whole queue; the newest chunk knows it.
        var count: Int
        /// Its elements are from here, and up to there.
        var start: Int32 = 0
        var end: Int32 = 0
        let capacity: Int32
    }

    private static var firstCapacity: Int { 4 }
    /// Bytes of the largest chunk.
    private static var chunkMax: Int { 4096 - MemoryLayout<Chunk>.stride }

    private var newest: UnsafeMutablePointer<Chunk>?

    init() {
        unsafe newest = nil
    }

    deinit {
        guard let newest = unsafe newest else { return }
        while unsafe newest.pointee.next != newest { unsafe Self.removeOldest(behind: newest) }
        unsafe Self.removeOldest(behind: newest)
    }

    /// The newest chunk is full, or there is none.
    @inline(__always)
    private var isChunkFull: Bool {
        guard let newest = unsafe newest else { return true }
        return unsafe newest.pointee.end == newest.pointee.capacity
    }

    var count: Int { unsafe newest?.pointee.count ?? 0 }
    var isEmpty: Bool { count == 0 }

    /// The oldest element.
    var first: Element? {
        guard let newest = unsafe newest, unsafe newest.pointee.count > 0 else { return nil }
        let oldest = unsafe newest.pointee.next
        return unsafe Self.elements(of: oldest)[Int(oldest.pointee.start)]
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        if isChunkFull { addChunk() }
        let chunk = unsafe newest.unsafelyUnwrapped
        unsafe (Self.elements(of: chunk) + Int(chunk.pointee.end)).initialize(to: element)
        unsafe chunk.pointee.end += 1
        unsafe chunk.pointee.count += 1
    }

    mutating func removeFirst() -> Element {
        guard let newest = unsafe newest, unsafe newest.pointee.count > 0 else {
            preconditionFailure("there is no element")
        }
        let oldest = unsafe newest.pointee.next
        let element = unsafe (Self.elements(of: oldest) + Int(oldest.pointee.start)).move()
        unsafe oldest.pointee.start += 1
        unsafe newest.pointee.count -= 1
        if unsafe oldest.pointee.start == oldest.pointee.end {
            if unsafe oldest == newest {
                unsafe oldest.pointee.start = 0
                unsafe oldest.pointee.end = 0
            } else {
                unsafe Self.removeOldest(behind: newest)
            }
        }
        return element
    }

    /// The elements of another come behind these; none is moved.
    mutating func append(_ other: consuming ChunkedQueue) {
        guard !other.isEmpty else { return }
        swap(&self, &other)
        guard !other.isEmpty, let last = unsafe newest, let before = unsafe other.newest else {
            return
        }
        let oldest = unsafe before.pointee.next
        unsafe before.pointee.next = last.pointee.next
        unsafe last.pointee.next = oldest
        unsafe last.pointee.count += before.pointee.count
        unsafe other.newest = nil
    }

    mutating func popFirst() -> Element? {
        isEmpty ? nil : removeFirst()
    }

    /// From the oldest to the newest.
    func forEach(_ body: (Element) -> Void) {
        guard let newest = unsafe newest else { return }
        var chunk = unsafe newest
        repeat {
            unsafe chunk = chunk.pointee.next
            for index in unsafe chunk.pointee.start..<chunk.pointee.end {
                body(unsafe Self.elements(of: chunk)[Int(index)])
            }
        } while unsafe chunk != newest
    }

    private static func elements(
        of chunk: UnsafeMutablePointer<Chunk>
    ) -> UnsafeMutablePointer<Element> {
        unsafe UnsafeMutableRawPointer(chunk + 1).assumingMemoryBound(to: Element.self)
    }

    /// Twice as large as the one before, up to a limit: most queues are short.
    @inline(never)
    private mutating func addChunk() {
        let before = unsafe newest.map { unsafe Int($0.pointee.capacity) }
        let stride = MemoryLayout<Element>.stride
        let capacity = min(before.map { $0 * 2 } ?? Self.firstCapacity, Self.chunkMax / stride)
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<Chunk>.stride + capacity * stride,
            alignment: MemoryLayout<Chunk>.alignment)
        let chunk = unsafe memory.bindMemory(to: Chunk.self, capacity: 1)
        let oldest = unsafe newest?.pointee.next ?? chunk
        unsafe chunk.initialize(to: Chunk(next: oldest, count: count, capacity: Int32(capacity)))
        unsafe newest?.pointee.next = chunk
        unsafe newest = chunk
    }

    private static func removeOldest(behind newest: UnsafeMutablePointer<Chunk>) {
        let oldest = unsafe newest.pointee.next
        let (start, end) = unsafe (Int(oldest.pointee.start), Int(oldest.pointee.end))
        unsafe (elements(of: oldest) + start).deinitialize(count: end - start)
        unsafe newest.pointee.next = oldest.pointee.next
        unsafe oldest.deallocate()
    }
}
