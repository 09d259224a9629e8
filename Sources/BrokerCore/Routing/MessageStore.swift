// SPDX-License-Identifier: Apache-2.0
// Every message body that the broker holds, once, however many sessions it waits for. A message
// counts those who need it and is freed with the last; the counts are changed by facts alone, so
// that replay frees what the living broker freed.
import MQTT

/// What a publisher said. The body is one block: topic name, properties to hand on, payload.
@safe
struct Message: ~Copyable {
    // The smallest last, so that they lie without gaps: a queue holds millions.

    /// Unique for all time: shard (16 bit) | counter (48 bit).
    let number: UInt64
    /// When nobody may begin to deliver it any more. [MQTT-3.3.2-5]
    let expires: Instant
    fileprivate let block: BlockPool.Block
    fileprivate var holders: Int32
    let propertiesCount: UInt32
    let topicCount: UInt16
    let qos: QoS
    let retain: Bool
    /// It is said by the broker itself to those who are there, and waits for nobody.
    let isFleeting: Bool
    /// Whether the journal holds the body already.
    fileprivate(set) var isJournalled = false

    var payloadCount: Int { bodyCount - propertiesRange.upperBound }

    /// Of the parts of the body.
    var sizes: (topic: Int, properties: Int, payload: Int) {
        (Int(topicCount), Int(propertiesCount), payloadCount)
    }

    var topicRange: Range<Int> { 0..<Int(topicCount) }
    var propertiesRange: Range<Int> { Int(topicCount)..<Int(topicCount) + Int(propertiesCount) }

    var bodyCount: Int { Int(block.size) }

    var topic: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { part(topicRange) }
    }

    var properties: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { part(propertiesRange) }
    }

    var payload: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { part(propertiesRange.upperBound..<bodyCount) }
    }

    var body: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { part(0..<bodyCount) }
    }

    /// The topic's memory, for those who change tables while they read it: it stays where it is as
    /// long as somebody holds the message.
    var topicMemory: UnsafeBufferPointer<UInt8> {
        unsafe UnsafeBufferPointer(
            start: block.base.assumingMemoryBound(to: UInt8.self), count: Int(topicCount))
    }

    /// The whole body's memory, on the same terms.
    var bodyMemory: UnsafeBufferPointer<UInt8> {
        unsafe UnsafeBufferPointer(
            start: block.base.assumingMemoryBound(to: UInt8.self), count: bodyCount)
    }

    /// The payload's memory: it lives as long as somebody holds the message.
    var payloadMemory: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            start: block.base + propertiesRange.upperBound, count: payloadCount)
    }

    @_lifetime(borrow self)
    private borrowing func part(_ range: Range<Int>) -> Span<UInt8> {
        let start = unsafe (block.base + range.lowerBound).assumingMemoryBound(to: UInt8.self)
        let span = unsafe Span(_unsafeStart: start, count: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }
}

/// Where bodies may lie.
@safe
package struct BodyMemory {
    /// What the heap takes before the overflow is asked.
    package let heapBytesMax: Int
    /// What small bodies share in the heap comes from here, in extents of `sharedSize`.
    package let shared: any ExtentSource
    package let overflow: (any ExtentSource)?
    /// Gives memory of so many bytes back, which for a large body takes longer than others should wait.
    package let discard: Discard

    /// Small, since each size of bodies has an extent that is partly empty.
    package static var sharedSize: Int { 64 << 10 }

    package typealias Discard = @Sendable (UnsafeMutableRawPointer, Int) -> Void

    @safe
    package init(
        heapBytesMax: Int = .max, shared: (any ExtentSource)? = nil,
        overflow: (any ExtentSource)? = nil,
        discard: @escaping Discard = { memory, _ in unsafe memory.deallocate() }
    ) {
        self.heapBytesMax = heapBytesMax
        self.shared = unsafe shared ?? AllocatedExtents(discard: discard)
        self.overflow = overflow
        unsafe self.discard = discard
    }
}

/// The messages by place, and the memory of their bodies.
@safe
struct MessageStore: ~Copyable {
    /// How large the parts of a body are, and how it is to be treated.
    struct Draft {
        var qos: QoS
        var retain: Bool
        var isFleeting = false
        /// Its maker holds it. Where not, the fact that it is made for is the first to.
        var isHeld = true
        var expires = Instant.distantFuture
        var topicCount: Int
        var propertiesCount: Int
        var payloadCount: Int
    }

    /// The last of a shard.
    static let numberMax: UInt64 = 1 << 48 - 1

    private var messages = Slab<Message>()
    /// Of all bodies together.
    private(set) var bytes = 0
    /// Of those that the journal holds, and how many they are.
    private(set) var journalledBytes = 0
    private(set) var journalledCount = 0
    private(set) var lastNumber: UInt64 = 0
    /// A packet in memory of its own, which the next message may keep.
    private var offered: UnsafeMutableRawBufferPointer?
    private var pool: BlockPool

    init(memory: BodyMemory = BodyMemory()) {
        pool = BlockPool(memory)
        unsafe offered = nil
    }

    var count: Int { messages.count }
    var blocksInUse: Int { pool.blocksInUse }

    subscript(id: MessageID) -> Message {
        @inline(__always)
        unsafeAddress { unsafe UnsafePointer(messages.pointer(to: id.index)) }
        @inline(__always)
        nonmutating unsafeMutableAddress { unsafe messages.pointer(to: id.index) }
    }

    /// A new message; `fill` writes topic, properties and payload.
    @inline(__always)
    mutating func create(_ draft: Draft, _ fill: (inout OutputRawSpan) -> Void) -> MessageID {
        add(draft, filledBlock(draft, fill))
    }

    /// Payloads from here on stay in the memory in which they came, where that is offered: copying them
    /// takes longer than others should wait.
    static let keptPayload = 1 << 20

    /// Payloads from here on are not copied into the outputs but gathered from here: below, a copy is
    /// cheaper than two more pieces for the kernel.
    static let gatheredPayload = 8192

    mutating func offer(_ packet: UnsafeMutableRawBufferPointer) {
        unsafe offered = packet
    }

    /// False if a message has kept it.
    mutating func withdrawOffer() -> Bool {
        defer { unsafe offered = nil }
        return unsafe offered != nil
    }

    /// A new message in the memory of the packet that brings it, if that was offered: the payload, which
    /// is last in the packet, stays where it is, and `fill` writes what goes before it.
    mutating func keep(
        _ draft: Draft, _ fill: (inout OutputRawSpan) -> Void
    ) -> MessageID? {
        guard let packet = unsafe offered else { return nil }
        let headCount = draft.topicCount + draft.propertiesCount
        let start = packet.count - draft.payloadCount - headCount
        // A topic that an alias stands for may be longer than what stands for it.
        guard start >= 0, let block = unsafe pool.adopt(packet, from: start) else { return nil }
        unsafe offered = nil
        // Apart at first: it is made from what it will cover.
        let head = UnsafeMutableRawBufferPointer.allocate(byteCount: headCount, alignment: 1)
        var out = unsafe OutputRawSpan(buffer: head, initializedCount: 0)
        fill(&out)
        precondition(out.byteCount == headCount, "a head of another size than announced")
        unsafe block.base.copyMemory(from: head.baseAddress!, byteCount: headCount)
        unsafe head.deallocate()
        return add(draft, block)
    }

    /// A new message with the body of another, which its maker holds.
    mutating func copy(_ id: MessageID, expires: Instant) -> MessageID {
        let draft = Draft(
            qos: self[id].qos, retain: self[id].retain, expires: expires,
            topicCount: Int(self[id].topicCount), propertiesCount: Int(self[id].propertiesCount),
            payloadCount: self[id].payloadCount)
        let body = unsafe self[id].bodyMemory
        return create(draft) { unsafe $0.append(body.span) }
    }

    /// Puts a message back where the journal says it was. The one who asks for it holds it.
    mutating func restore(
        _ draft: Draft, number: UInt64, at id: MessageID, _ fill: (inout OutputRawSpan) -> Void
    ) {
        lastNumber = max(lastNumber, number)
        let message = Message(draft, number: number, in: filledBlock(draft, fill))
        bytes += message.bodyCount
        messages.insert(message, at: id.index)
        noteJournalled(id)
    }

    /// The journal holds the body from here on.
    @inline(__always)
    mutating func noteJournalled(_ id: MessageID) {
        self[id].isJournalled = true
        journalledBytes += self[id].bodyCount
        journalledCount += 1
    }

    func contains(_ id: MessageID) -> Bool { messages.contains(id.index) }

    @inline(__always)
    func hold(_ id: MessageID, times: Int32 = 1) {
        self[id].holders += times
    }

    /// Frees the message with its last holder.
    @inline(__always)
    mutating func release(_ id: MessageID) {
        self[id].holders -= 1
        if self[id].holders == 0 { remove(id) }
    }

    private mutating func remove(_ id: MessageID) {
        let message = messages.remove(id.index)
        bytes -= message.bodyCount
        if message.isJournalled {
            journalledBytes -= message.bodyCount
            journalledCount -= 1
        }
        pool.give(back: message.block)
    }

    @inline(__always)
    private mutating func filledBlock(
        _ draft: Draft, _ fill: (inout OutputRawSpan) -> Void
    ) -> BlockPool.Block {
        let size = draft.topicCount + draft.propertiesCount + draft.payloadCount
        let block = pool.take(size)
        let memory = unsafe UnsafeMutableRawBufferPointer(start: block.base, count: size)
        var body = unsafe OutputRawSpan(buffer: memory, initializedCount: 0)
        fill(&body)
        precondition(body.byteCount == size, "a body of another size than announced")
        return block
    }

    @inline(__always)
    private mutating func add(_ draft: Draft, _ block: BlockPool.Block) -> MessageID {
        lastNumber += 1
        let message = Message(draft, number: lastNumber, in: block)
        bytes += message.bodyCount
        return MessageID(place: UInt32(truncatingIfNeeded: messages.insert(message)))
    }
}

extension Message {
    @inline(__always)
    fileprivate init(_ draft: MessageStore.Draft, number: UInt64, in block: BlockPool.Block) {
        self.number = number
        qos = draft.qos
        retain = draft.retain
        isFleeting = draft.isFleeting
        expires = draft.expires
        topicCount = UInt16(draft.topicCount)
        propertiesCount = UInt32(truncatingIfNeeded: draft.propertiesCount)
        self.block = block
        holders = draft.isHeld ? 1 : 0
    }
}
