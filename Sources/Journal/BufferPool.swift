// SPDX-License-Identifier: Apache-2.0
// Memory for outputs, lent from when something waits in one until it has all left: ten thousand idle
// connections hold none, and the few that speak at one time share what is at hand, grown already to
// what others needed.

/// Spare memory, the last given back on top: that is still in the processor's caches.
@safe
public struct BufferPool: ~Copyable {
    /// What spare memory may come to together.
    static let spareBytesMax = 1 << 20

    /// The head of a piece of spare memory, in its own first bytes.
    @unsafe
    private struct Spare {
        var next: UnsafeMutableRawPointer?
        var capacity: Int
    }

    @unsafe
    private struct Pile {
        var top: UnsafeMutableRawPointer?
        var bytes = 0
    }

    /// Apart, so that lending changes nothing of whoever holds the pool: an output that borrows is
    /// held by the same.
    private let pile: UnsafeMutablePointer<Pile>

    public init() {
        unsafe pile = .allocate(capacity: 1)
        unsafe pile.initialize(to: Pile())
    }

    deinit {
        while let memory = unsafe take() { unsafe memory.deallocate() }
        unsafe pile.deallocate()
    }

    var spareBytes: Int { unsafe pile.pointee.bytes }

    /// The piece on top, if there is one: whoever gets none allocates what he needs.
    @inline(__always)
    func take() -> UnsafeMutableRawBufferPointer? {
        guard let memory = unsafe pile.pointee.top else { return nil }
        let spare = unsafe memory.load(as: Spare.self)
        unsafe pile.pointee.top = spare.next
        unsafe pile.pointee.bytes -= spare.capacity
        return unsafe UnsafeMutableRawBufferPointer(start: memory, count: spare.capacity)
    }

    /// What would be too much goes back to the system.
    @inline(__always)
    func give(_ memory: UnsafeMutableRawBufferPointer) {
        guard let base = memory.baseAddress else { return }
        guard spareBytes + memory.count <= Self.spareBytesMax else {
            unsafe base.deallocate()
            return
        }
        unsafe base.storeBytes(
            of: Spare(next: pile.pointee.top, capacity: memory.count), as: Spare.self)
        unsafe pile.pointee.top = base
        unsafe pile.pointee.bytes += memory.count
    }
}
