// SPDX-License-Identifier: Apache-2.0
// Gathers records into batches and knows which batch is durable. Where batches go is the home's
// business: memory here, segment files elsewhere. One batch is in flight at a time, so load sizes
// the batches: what arrives while one is being made durable is the next one.
//
//     append ──► staged ──submit──► in flight ──committed──► durable
//                  ▲                                           │
//                  └── tail: the gate of whatever is said now  └── opens every gate up to it

/// A log of opaque records under group commit.
@safe
public struct Journal: ~Copyable {
    /// Where batches become durable.
    public protocol Home: AnyObject {
        /// Takes batch `number`. True when it is durable on return; otherwise the owner of the
        /// journal calls `committed` when it is. There is no third outcome: a home that fails
        /// ends the process.
        func commit(_ batch: Span<UInt8>, number: UInt64) -> Bool

        /// The same for one of which parts lie elsewhere, and stay as they are until it is durable.
        func commit(_ batch: CommitParts, number: UInt64) -> Bool
    }

    /// Memory of somebody else that is part of a record.
    @safe
    private struct Attachment {
        /// So many staged bytes lie before it.
        var at: Int
        var memory: UnsafeRawBufferPointer
        var token: UInt32
    }

    // What each packet asks lies together in front.

    /// Everything up to this batch survives a crash.
    public private(set) var durable = Gate.none
    @usableFromInline var lastGate = Gate.none
    @usableFromInline var inFlight: UInt64?
    @usableFromInline var staged = ByteBuffer()
    private var attachedBytes = 0
    private var attached: [Attachment] = []
    private var sent = ByteBuffer()
    private var sentAttached: [Attachment] = []
    private var written: [UInt32] = []
    private let home: any Home

    public var recordsAppended: UInt64 { appended }
    @usableFromInline var appended: UInt64 = 0

    public init(home: any Home) {
        self.home = home
    }

    public var hasStaged: Bool { !staged.isEmpty }

    /// What the next batch holds by now.
    public var bytesStaged: Int { staged.count + attachedBytes }

    /// A batch is on its way to being durable; no other can be submitted.
    public var isCommitting: Bool { inFlight != nil }

    /// Nothing is staged and nothing in flight.
    public var isSettled: Bool { staged.isEmpty && inFlight == nil }

    /// The gate for bytes that follow from all that was recorded so far: of the batch that is being
    /// staged, or else of the last one.
    @inlinable
    public var tail: Gate { lastGate }

    /// Appends one record of at most `size` bytes of content, which `write` writes.
    @inlinable @inline(__always)
    public mutating func append(
        kind: UInt16, atMost size: Int, _ write: (inout OutputRawSpan) -> Void
    ) {
        stage(kind, atMost: size, before: 0, write)
    }

    /// Appends one record whose content is what `write` writes, at most `size` bytes, and behind it
    /// `memory`, which stays where it is: until `takeWritten` gives `token`, it must not change.
    @safe
    public mutating func append(
        kind: UInt16, atMost size: Int, attaching memory: UnsafeRawBufferPointer, token: UInt32,
        _ write: (inout OutputRawSpan) -> Void
    ) {
        stage(kind, atMost: size, before: memory.count, write)
        unsafe attached.append(Attachment(at: staged.count, memory: memory, token: token))
        attachedBytes += memory.count
    }

    /// Stages a record, or what it has in front of so many bytes that lie elsewhere.
    @inlinable @inline(__always)
    mutating func stage(
        _ kind: UInt16, atMost size: Int, before attachedCount: Int,
        _ write: (inout OutputRawSpan) -> Void
    ) {
        if staged.isEmpty { lastGate = Gate(batch: nextNumber) }
        staged.append(atMost: Record.headerSize + size) { out in
            unsafe out.append(UInt64(kind).littleEndian, as: UInt64.self)
            write(&out)
            let length = UInt32(out.byteCount - Record.headerSize + attachedCount)
            unsafe out.withUnsafeMutableBytes { bytes, _ in
                unsafe bytes.storeBytes(of: length.littleEndian, toByteOffset: 4, as: UInt32.self)
            }
        }
        appended += 1
    }

    /// The token of an attachment that is durable and not needed any more.
    public mutating func takeWritten() -> UInt32? { written.popLast() }

    /// Hands everything staged to the home, unless a batch is in flight already.
    public mutating func submit() {
        guard inFlight == nil, !staged.isEmpty else { return }
        let number = nextNumber
        inFlight = number
        swap(&staged, &sent)
        swap(&attached, &sentAttached)
        attachedBytes = 0
        if commitSent(number) { committed(number) }
    }

    /// The same, once what is staged makes a batch of decent size.
    public mutating func submitIfLarge() {
        if bytesStaged >= BatchHeader.recordBytesMax / 2 { submit() }
    }

    private func commitSent(_ number: UInt64) -> Bool {
        unsafe sent.withBytes(sent.head..<sent.tail) { bytes in
            guard !sentAttached.isEmpty else {
                return home.commit(unsafe bytes.bindMemory(to: UInt8.self).span, number: number)
            }
            var parts = CommitParts()
            var at = 0
            for attachment in sentAttached {
                unsafe parts.append(UnsafeRawBufferPointer(rebasing: bytes[at..<attachment.at]))
                unsafe parts.append(attachment.memory)
                at = attachment.at
            }
            unsafe parts.append(UnsafeRawBufferPointer(rebasing: bytes[at...]))
            return home.commit(parts, number: number)
        }
    }

    /// Batch `number`, the one in flight, survives a crash from here on.
    public mutating func committed(_ number: UInt64) {
        precondition(inFlight == number, "batch \(number) committed but not in flight")
        inFlight = nil
        durable = Gate(batch: number)
        sent.removeAll()
        for attachment in sentAttached { written.append(attachment.token) }
        sentAttached.removeAll()
    }

    @inlinable
    var nextNumber: UInt64 {
        (inFlight ?? durable.batch) + 1
    }
}

extension Journal.Home {
    /// For a home that takes a copy of what it gets.
    public func commit(_ batch: CommitParts, number: UInt64) -> Bool {
        let copy = batch.copy(of: 0..<batch.count)
        return commit(copy.span, number: number)
    }
}
