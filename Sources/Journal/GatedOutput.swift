// SPDX-License-Identifier: Apache-2.0
// One connection's output, of which only that part may leave whose gate has been passed. Small
// packets are encoded straight into one buffer; a large body stays where it is and is gathered
// at write time, kept alive by a token that comes back when the last of its bytes has left.
//
//        head          open           flying          tail
//         ▼             ▼               ▼               ▼
//         ├─may leave───┼─waits for ────┼─waits for ────┤
//         │             │ `flyingGate`  │ `tailGate`    │
//
// Two gates are enough: one batch is in flight and one is being staged.

/// Bytes in the order in which they must leave, with the gates that they wait for.
@safe
public struct GatedOutput: ~Copyable {
    /// A body outside of the buffer, in the place where it belongs.
    @safe
    struct Attachment {
        /// The buffer offset in front of which it is sent.
        var place: Int
        var bytes: UnsafeRawBufferPointer
        /// What the owner of the memory knows it by.
        let token: UInt32
    }

    // 32 bits where they do: there is one of these for every connection.
    @usableFromInline var buffer = ByteBuffer()
    @usableFromInline var storedOpen: UInt32 = 0
    @usableFromInline var storedFlying: UInt32 = 0
    @usableFromInline var storedAttachedBytes: UInt32 = 0
    @usableFromInline var flyingGate = Gate.none
    @usableFromInline var tailGate = Gate.none
    private var attachments: ContiguousArray<Attachment> = []

    public init() {}

    @inlinable
    var open: Int {
        get { Int(storedOpen) }
        set { storedOpen = UInt32(newValue) }
    }

    @inlinable
    var flying: Int {
        get { Int(storedFlying) }
        set { storedFlying = UInt32(newValue) }
    }

    @inlinable
    var attachedBytes: Int {
        get { Int(storedAttachedBytes) }
        set { storedAttachedBytes = UInt32(newValue) }
    }

    /// All that has not left yet, gates passed or not.
    @inlinable
    public var pendingBytes: Int { buffer.count + attachedBytes }

    public var isEmpty: Bool { pendingBytes == 0 }

    /// What it holds, used or not.
    public var memoryBytes: Int { buffer.capacity }

    /// Appends what `write` writes, at most `size` bytes, to leave once `gate` is durable.
    @inlinable @inline(__always)
    public mutating func append(
        atMost size: Int, behind gate: Gate, durable: Gate, _ write: (inout OutputRawSpan) -> Void
    ) {
        willAppend(size, behind: gate, durable: durable)
        buffer.fill(atMost: size, write)
        didAppend(durable: durable)
    }

    /// Appends a whole four-byte packet, its first byte lowest in `word`.
    @inlinable @inline(__always)
    public mutating func append(word: UInt32, behind gate: Gate, durable: Gate) {
        willAppend(4, behind: gate, durable: durable)
        buffer.fill(word: word)
        didAppend(durable: durable)
    }

    /// Sends `bytes` behind all that was appended; they must live until `token` comes back from
    /// `wrote` or `removeAll`. At least one byte must have been appended under the same gate.
    public mutating func attach(_ bytes: UnsafeRawBufferPointer, token: UInt32) {
        unsafe attachments.append(Attachment(place: buffer.tail, bytes: bytes, token: token))
        attachedBytes += bytes.count
    }

    /// Calls `body` with each piece that may leave now, in order, until it answers false.
    public mutating func forEachWritable(
        durable: Gate, _ body: (UnsafeRawBufferPointer) -> Bool
    ) {
        settle(durable)
        var at = buffer.head
        for index in attachments.indices {
            let place = attachments[index].place
            guard place <= open else { break }
            if place > at, unsafe !buffer.withBytes(at..<place, body) { return }
            at = place
            if unsafe !body(attachments[index].bytes) { return }
        }
        if open > at {
            _ = unsafe buffer.withBytes(at..<open, body)
        }
    }

    /// True when `forEachWritable` would give anything.
    public mutating func isWritable(durable: Gate) -> Bool {
        settle(durable)
        return hasOpen
    }

    /// Something may leave.
    private var hasOpen: Bool {
        if open > buffer.head { return true }
        guard let first = attachments.first else { return false }
        return first.place <= open
    }

    /// True when something still waits for its gate.
    public mutating func hasGated(durable: Gate) -> Bool {
        settle(durable)
        return open < buffer.tail
    }

    /// Both at once.
    public mutating func look(durable: Gate) -> (isWritable: Bool, hasGated: Bool) {
        settle(durable)
        return (hasOpen, open < buffer.tail)
    }

    /// As the other; and an output that is empty then gives its memory back.
    public mutating func wrote(
        _ count: Int, givingBackTo pool: borrowing BufferPool
    ) -> [UInt32]? {
        let finished = wrote(count)
        giveBack(to: pool)
        return finished
    }

    /// The first `count` writable bytes have left, and with them, whole, the attachments that have these
    /// tokens.
    @inline(__always)
    public mutating func wrote(_ count: Int) -> [UInt32]? {
        guard !attachments.isEmpty else {
            consume(count)
            return nil
        }
        return wroteAttached(count)
    }

    private mutating func wroteAttached(_ count: Int) -> [UInt32] {
        var finished: [UInt32] = []
        var left = count
        while left > 0 {
            let place = attachments.first?.place ?? buffer.tail
            let small = min(left, place - buffer.head)
            if small > 0 {
                consume(small)
                left -= small
                continue
            }
            guard !attachments.isEmpty else { preconditionFailure("more was written than pending") }
            left -= consumeAttachment(atMost: left, &finished)
        }
        return finished
    }

    /// Drops everything, and gives all tokens and all memory back.
    public mutating func removeAll() -> [UInt32] {
        let finished = attachments.map(\.token)
        attachments = []
        attachedBytes = 0
        buffer.removeAll()
        buffer.trim()
        resetMarks()
        return finished
    }

    /// Call it before something is appended to an output that may be empty.
    @inline(__always)
    public mutating func borrow(from pool: borrowing BufferPool) {
        buffer.borrow(from: pool)
    }

    /// An empty output holds no memory.
    @inline(__always)
    mutating func giveBack(to pool: borrowing BufferPool) {
        guard isEmpty else { return }
        buffer.giveBack(to: pool)
        if attachments.capacity > 0 { attachments = [] }
        resetMarks()
    }

    /// Starts a new gated stretch when `gate` is later than the last one, and makes room.
    @inlinable @inline(__always)
    mutating func willAppend(_ size: Int, behind gate: Gate, durable: Gate) {
        if gate > tailGate { beginStretch(behind: gate, durable) }
        let moved = buffer.reserve(size)
        if moved > 0 { shiftMarks(by: moved) }
    }

    @usableFromInline
    mutating func beginStretch(behind gate: Gate, _ durable: Gate) {
        settle(durable)
        precondition(open == flying, "more than two batches are not durable")
        flying = buffer.tail
        flyingGate = tailGate
        tailGate = gate
        if flyingGate <= durable { open = flying }
    }

    @inlinable @inline(__always)
    mutating func didAppend(durable: Gate) {
        if tailGate <= durable {
            open = buffer.tail
            flying = buffer.tail
        }
    }

    /// Moves the marks to where `durable` allows.
    @inlinable @inline(__always)
    mutating func settle(_ durable: Gate) {
        if tailGate <= durable {
            open = buffer.tail
            flying = buffer.tail
        } else if flyingGate <= durable {
            open = flying
        }
    }

    @inline(__always)
    private mutating func consume(_ count: Int) {
        let tail = buffer.tail
        buffer.consume(count)
        // An emptied buffer begins anew at offset 0.
        guard buffer.isEmpty else { return }
        if attachments.isEmpty { resetMarks() } else { shiftMarks(by: tail) }
    }

    private mutating func consumeAttachment(
        atMost count: Int, _ finished: inout [UInt32]
    ) -> Int {
        let size = unsafe attachments[0].bytes.count
        let taken = min(count, size)
        attachedBytes -= taken
        if taken == size {
            finished.append(attachments.removeFirst().token)
        } else {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: attachments[0].bytes[taken...])
            unsafe attachments[0].bytes = rest
        }
        return taken
    }

    @usableFromInline
    mutating func shiftMarks(by distance: Int) {
        open -= distance
        flying -= distance
        for index in attachments.indices {
            attachments[index].place -= distance
        }
    }

    private mutating func resetMarks() {
        open = 0
        flying = 0
    }
}
