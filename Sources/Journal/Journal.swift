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
    }

    @usableFromInline var staged = ByteBuffer()
    private var sent = ByteBuffer()
    private let home: any Home
    @usableFromInline var inFlight: UInt64?

    /// Everything up to this batch survives a crash.
    public private(set) var durable = Gate.none
    public var recordsAppended: UInt64 { appended }
    @usableFromInline var appended: UInt64 = 0

    public init(home: any Home) {
        self.home = home
    }

    public var hasStaged: Bool { !staged.isEmpty }

    /// What the next batch holds by now.
    public var bytesStaged: Int { staged.count }

    /// A batch is on its way to being durable; no other can be submitted.
    public var isCommitting: Bool { inFlight != nil }

    /// Nothing is staged and nothing in flight.
    public var isSettled: Bool { staged.isEmpty && inFlight == nil }

    /// The gate for bytes that follow from all that was recorded so far.
    @inlinable
    public var tail: Gate {
        if !staged.isEmpty { return Gate(batch: nextNumber) }
        return inFlight.map(Gate.init(batch:)) ?? durable
    }

    /// Appends one record of at most `size` bytes of content, which `write` writes.
    @inlinable @inline(__always)
    public mutating func append(
        kind: UInt16, atMost size: Int, _ write: (inout OutputRawSpan) -> Void
    ) {
        staged.append(atMost: Record.headerSize + size) { out in
            unsafe out.append(UInt64(kind).littleEndian, as: UInt64.self)
            write(&out)
            let length = UInt32(out.byteCount - Record.headerSize)
            unsafe out.withUnsafeMutableBytes { bytes, _ in
                unsafe bytes.storeBytes(of: length.littleEndian, toByteOffset: 4, as: UInt32.self)
            }
        }
        appended += 1
    }

    /// Hands everything staged to the home, unless a batch is in flight already.
    public mutating func submit() {
        guard inFlight == nil, !staged.isEmpty else { return }
        let number = nextNumber
        inFlight = number
        swap(&staged, &sent)
        let isDurable = unsafe sent.withBytes(sent.head..<sent.tail) { bytes in
            home.commit(unsafe bytes.bindMemory(to: UInt8.self).span, number: number)
        }
        if isDurable {
            committed(number)
        }
    }

    /// The same, once what is staged makes a batch of decent size.
    public mutating func submitIfLarge() {
        if staged.count >= BatchHeader.recordBytesMax / 2 { submit() }
    }

    /// Batch `number`, the one in flight, survives a crash from here on.
    public mutating func committed(_ number: UInt64) {
        precondition(inFlight == number, "batch \(number) committed but not in flight")
        inFlight = nil
        durable = Gate(batch: number)
        sent.removeAll()
    }

    @inlinable
    var nextNumber: UInt64 {
        (inFlight ?? durable.batch) + 1
    }
}
