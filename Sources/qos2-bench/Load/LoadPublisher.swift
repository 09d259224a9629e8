// SPDX-License-Identifier: Apache-2.0
//
// A publisher that does as little as a correct one can: one packet made beforehand, copied and
// stamped for each message, and one byte of state for each packet identifier.
import MQTT

final class LoadPublisher {
    private enum Step {
        static let free: UInt8 = 0
        static let published: UInt8 = 1
        static let released: UInt8 = 2
    }

    let number: Int
    let link: Link
    private let plan: LoadPlan
    private let tally: Tally
    private let receivers: Int
    private(set) var sent = 0
    /// Nothing is sent beyond it.
    private var quota: Int
    /// When the first message is due, and how long after it the next; without a rate both are 0.
    private var firstDueAt: Int64 = 0
    private let pace: Int64

    private let template: [UInt8]
    private let idOffset: Int
    private let payloadOffset: Int

    /// By packet identifier.
    private let steps: UnsafeMutablePointer<UInt8>
    /// Free identifiers, oldest first: a ring.
    private let free: UnsafeMutablePointer<UInt16>
    private var freeBegin = 0
    private var freeCount: Int

    init(_ number: Int, _ plan: LoadPlan, _ tally: Tally) {
        self.number = number
        self.plan = plan
        self.tally = tally
        link = Link(clientID: plan.clientID(ofPublisher: number), version: plan.version)
        receivers = plan.receivers(of: number)
        quota = plan.quota(of: number) ?? .max
        pace = plan.rate.map { Int64(1e9 * Double(plan.publishers) / Double($0)) } ?? 0
        let topic = Array(plan.topic(of: number).utf8)
        let head = PublishHead(qos: plan.qos, id: plan.qos == .atMostOnce ? nil : 1)
        let encoder = PublishEncoder(
            head, plan.version, topicCount: topic.count, payloadCount: plan.payload)
        payloadOffset = encoder.encodedSize
        idOffset = payloadOffset - (plan.version == .v5 ? 3 : 2)
        template = [UInt8](unsafeUninitializedCapacity: encoder.packetSize) { bytes, count in
            var output = OutputRawSpan(
                buffer: UnsafeMutableRawBufferPointer(bytes), initializedCount: 0)
            encoder.encode(topic: topic.span, into: &output)
            for _ in 0..<plan.payload { output.append(Stamp.filler) }
            count = output.finalize(for: UnsafeMutableRawBufferPointer(bytes))
        }
        steps = .allocate(capacity: plan.window + 1)
        steps.initialize(repeating: Step.free, count: plan.window + 1)
        free = .allocate(capacity: plan.window)
        for index in 0..<plan.window { free[index] = UInt16(index + 1) }
        freeCount = plan.window
    }

    deinit {
        steps.deallocate()
        free.deallocate()
    }

    /// The broker allows fewer at once than the window: the rest of the identifiers stay unused.
    func connected() {
        if plan.qos != .atMostOnce { freeCount = min(freeCount, link.receiveMaximum) }
    }

    /// All publishers share the rate: their messages are due one after the other.
    func begin(at time: Int64) {
        firstDueAt = time + pace * Int64(number) / Int64(plan.publishers)
    }

    func stop() { quota = sent }

    var isDone: Bool { sent == quota }

    /// When there is something to send whose time has not come; nil where nothing waits for time.
    var nextDueAt: Int64? {
        pace > 0 && !isDone && freeCount > 0 ? firstDueAt + pace * Int64(sent) : nil
    }

    /// Sends what window, quota and rate allow. A message that had to wait for the window carries
    /// the time at which it was due: waiting is latency too.
    func pump(at now: Int64) {
        if plan.qos == .atMostOnce { return pumpUnacknowledged(at: now) }
        while freeCount > 0, sent < quota {
            let due = pace > 0 ? firstDueAt + pace * Int64(sent) : now
            guard due <= now else { return }
            let id = free[freeBegin]
            freeBegin = freeBegin + 1 == plan.window ? 0 : freeBegin + 1
            freeCount -= 1
            steps[Int(id)] = Step.published
            tally.openOutbound += 1
            put(sentAt: due).storeBytes(
                of: id.bigEndian, toByteOffset: idOffset, as: UInt16.self)
        }
    }

    /// Nothing tells when a message of QoS 0 is through, so the socket sets the pace.
    private func pumpUnacknowledged(at now: Int64) {
        guard !link.hasOutput else { return }
        for _ in 0..<plan.window where sent < quota {
            let due = pace > 0 ? firstDueAt + pace * Int64(sent) : now
            guard due <= now else { return }
            _ = put(sentAt: due)
        }
    }

    @inline(__always)
    private func put(sentAt: Int64) -> UnsafeMutableRawPointer {
        let packet = link.room(template.count)
        template.withUnsafeBytes {
            packet.copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
        Stamp(publisher: UInt32(number), sequence: UInt64(sent), sentAt: sentAt)
            .write(to: packet + payloadOffset)
        sent += 1
        tally.sent += 1
        tally.expected += receivers
        return packet
    }

    /// Takes whole packets, and says how many bytes that were.
    func received(
        _ bytes: Span<UInt8>, news: (LinkNews) throws(LoadFailure) -> Void
    ) throws(LoadFailure) -> Int {
        var start = 0
        while let header = try link.next(bytes, at: start) {
            switch header.kind {
            case .puback, .pubrec, .pubcomp: try acknowledged(header, bytes)
            default: try news(try link.take(header, in: bytes))
            }
            start = header.end
        }
        return start
    }

    @inline(__always)
    private func acknowledged(
        _ header: FixedHeader, _ bytes: Span<UInt8>
    ) throws(LoadFailure) {
        let packet = try link.reading { () throws(DecodeError) in
            try AcknowledgementPacket(bytes, header, link.version, from: .server)
        }
        guard packet.reason.rawValue < 0x80 else {
            throw .refused(link.clientID, "PUBLISH", packet.reason)
        }
        let id = Int(packet.id.rawValue)
        let expected = packet.kind == .pubcomp ? Step.released : Step.published
        let kind: PacketKind = plan.qos == .atLeastOnce ? .puback : .pubrec
        guard id <= plan.window, steps[id] == expected,
            packet.kind == kind || packet.kind == .pubcomp
        else { throw .unexpected(link.clientID, "\(packet.kind) \(id) that answers nothing") }
        tally.steps += 1
        if packet.kind == .pubrec {
            steps[id] = Step.released
            link.acknowledge(.pubrel, packet.id)
        } else {
            complete(id)
        }
    }

    private func complete(_ id: Int) {
        steps[id] = Step.free
        var place = freeBegin + freeCount
        if place >= plan.window { place -= plan.window }
        free[place] = UInt16(id)
        freeCount += 1
        tally.openOutbound -= 1
    }
}
