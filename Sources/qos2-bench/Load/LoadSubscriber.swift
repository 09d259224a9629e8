// SPDX-License-Identifier: Apache-2.0
//
// A subscriber that checks each message in place, answers it, and keeps one bit for each packet
// identifier of QoS 2.
import MQTT

final class LoadSubscriber {
    let number: Int
    let link: Link
    private let plan: LoadPlan
    private let tally: Tally
    /// By the publisher's place among those of this subscriber.
    private let checks: UnsafeMutableBufferPointer<SequenceCheck>
    /// Identifiers whose PUBREL has not come.
    private let open: UnsafeMutablePointer<UInt64>

    init(_ number: Int, _ plan: LoadPlan, _ tally: Tally) {
        self.number = number
        self.plan = plan
        self.tally = tally
        link = Link(clientID: plan.clientID(ofSubscriber: number), version: plan.version)
        checks = .allocate(capacity: plan.publishers(of: number).count)
        checks.initialize(repeating: SequenceCheck())
        open = .allocate(capacity: 1024)
        open.initialize(repeating: 0, count: 1024)
    }

    deinit {
        checks.deinitialize()
        checks.deallocate()
        open.deallocate()
    }

    func subscribe() {
        let options = SubscriptionOptions(maximumQoS: plan.qos)
        let filters = plan.filters(of: number)
        link.send(SubscribeEncoder(plan.version, 1, filters.map { .init($0, options) }))
    }

    /// What came of one publisher.
    func check(of publisher: Int) -> SequenceCheck? {
        plan.place(of: publisher, for: number).map { checks[$0] }
    }

    /// Takes whole packets that arrived at `now`, and says how many bytes that were.
    func received(
        _ bytes: Span<UInt8>, at now: Int64, news: (LinkNews) throws(LoadFailure) -> Void
    ) throws(LoadFailure) -> Int {
        var start = 0
        while let header = try link.next(bytes, at: start) {
            switch header.kind {
            case .publish: try published(header, bytes, at: now)
            case .pubrel: try released(header, bytes)
            default: try news(try link.take(header, in: bytes))
            }
            start = header.end
        }
        return start
    }

    @inline(__always)
    private func published(
        _ header: FixedHeader, _ bytes: Span<UInt8>, at now: Int64
    ) throws(LoadFailure) {
        let packet = try link.reading { () throws(DecodeError) in
            try PublishPacket(
                bytes, header, link.version, from: .server, validatingTopic: false)
        }
        tally.steps += 1
        guard packet.qos == .exactlyOnce, let id = packet.id else {
            if let id = packet.id { link.acknowledge(.puback, id) }
            return count(packet, bytes, at: now)
        }
        let isRepeated = isOpen(id)
        link.acknowledge(.pubrec, id)
        // A repeat before PUBREL is the protocol at work, not a second delivery. [MQTT-4.3.3-10]
        if isRepeated { return }
        setOpen(id, true)
        tally.openInbound += 1
        count(packet, bytes, at: now)
    }

    @inline(__always)
    private func count(_ packet: PublishPacket, _ bytes: Span<UInt8>, at now: Int64) {
        guard packet.qos == plan.qos,
            let stamp = Stamp(bytes.extracting(packet.payload), size: plan.payload),
            let place = plan.place(of: Int(stamp.publisher), for: number)
        else {
            tally.damaged += 1
            return
        }
        let before = checks[place].distinct
        checks[place].arrived(stamp.sequence)
        tally.delivered += checks[place].distinct - before
        tally.took(now - stamp.sentAt)
        tally.lastDeliveryAt = now
    }

    @inline(__always)
    private func released(_ header: FixedHeader, _ bytes: Span<UInt8>) throws(LoadFailure) {
        let id = try link.reading { () throws(DecodeError) in
            try AcknowledgementPacket(bytes, header, link.version, from: .server).id
        }
        tally.steps += 1
        if isOpen(id) {
            setOpen(id, false)
            tally.openInbound -= 1
        }
        link.acknowledge(.pubcomp, id)
    }

    private func isOpen(_ id: PacketID) -> Bool {
        open[Int(id.rawValue >> 6)] & 1 << UInt64(id.rawValue & 63) != 0
    }

    private func setOpen(_ id: PacketID, _ isOpen: Bool) {
        let bit: UInt64 = 1 << UInt64(id.rawValue & 63)
        if isOpen {
            open[Int(id.rawValue >> 6)] |= bit
        } else {
            open[Int(id.rawValue >> 6)] &= ~bit
        }
    }
}
