// SPDX-License-Identifier: Apache-2.0
// Recovery's half of FactCoding: records become facts again and are applied by the same
// `State.apply` that the living broker uses. Replay decides nothing.
import Journal
import MQTT

/// Reads one batch after the other into a state.
package struct Replay: ~Copyable {
    var state: State
    private var details = Details()
    /// Places that no broker reaches: memory is made up to the highest place of a record.
    var placesMax: UInt32 = 1 << 26

    /// The body that came last is held until the fact behind it has taken its own hold.
    private var held: MessageID?

    init(into state: consuming State) {
        self.state = state
    }

    /// Into a state that is empty yet.
    package init(seed: UInt64, memory: BodyMemory = BodyMemory()) {
        self.init(into: State(seed: seed, memory: memory))
    }

    package var sessionCount: Int { state.sessions.count }
    package var messageCount: Int { state.messages.count }

    package mutating func batch(_ bytes: Span<UInt8>) throws(RecordError) {
        var at = 0
        while let record = try Record.read(bytes, at: at) {
            guard let kind = FactKind(rawValue: record.kind) else {
                throw .unknownKind(record.kind, at: at)
            }
            try take(kind, FactReader(at: at, record.content), bytes)
            at = record.content.upperBound
        }
        if state.isCrowded { state.sweep() }
    }

    /// What was read is whole. A body that came last was needed by nobody.
    consuming func finish() -> State {
        letGo()
        return state
    }

    @inline(__always)
    private mutating func letGo() {
        guard let held else { return }
        state.messages.release(held)
        self.held = nil
    }

    private mutating func restore(
        _ reader: inout FactReader, _ bytes: Span<UInt8>
    ) throws(RecordError) {
        letGo()
        let id = MessageID(place: try reader.word(bytes))
        let number = try reader.doubleWord(bytes)
        let expires = Instant(nanoseconds: Int64(bitPattern: try reader.doubleWord(bytes)))
        let flags = try reader.word(bytes)
        guard let qos = QoS(rawValue: UInt8(truncatingIfNeeded: flags & 3)) else {
            throw .malformed(at: reader.start)
        }
        let draft = MessageStore.Draft(
            qos: qos, retain: flags & 4 != 0, expires: expires,
            topicCount: Int(try reader.word(bytes)),
            propertiesCount: Int(try reader.word(bytes)),
            payloadCount: Int(try reader.word(bytes)))
        let size = draft.topicCount + draft.propertiesCount + draft.payloadCount
        guard reader.rest.count == size, draft.topicCount <= 65_535,
            number <= MessageStore.numberMax, id.place < placesMax, !state.messages.contains(id)
        else {
            throw .malformed(at: reader.start)
        }
        let body = bytes.extracting(reader.rest)
        state.messages.restore(draft, number: number, at: id) { $0.append(body) }
        held = id
    }

    /// Each frequent kind apart, so that what is to be read, checked and changed for it stands in one
    /// piece.
    @inline(__always)
    private mutating func take(
        _ kind: FactKind, _ reader: FactReader, _ bytes: Span<UInt8>
    ) throws(RecordError) {
        var reader = reader
        details.removeAll()
        switch kind {
        case .stored: try restore(&reader, bytes)
        case .accepted:
            let message = MessageID(place: try reader.word(bytes))
            let session = try reader.session(bytes)
            try apply(.accepted(message, from: session, try reader.packet(bytes)), reader)
        case .released, .releasedToShares:
            let session = try reader.session(bytes)
            let packet = try reader.packet(bytes)
            let message = try held(by: session, under: packet, at: reader.start)
            let receivers = try receivers(&reader, bytes, of: message)
            try apply(.released(session, packet, receivers: receivers), reader)
        case .routed, .routedToShares:
            let message = MessageID(place: try reader.word(bytes))
            let retains = try reader.word(bytes) == 1
            let receivers = try receivers(&reader, bytes, of: message)
            try apply(.routed(message, retains: retains, receivers: receivers), reader)
        case .sent:
            let session = try reader.session(bytes)
            try apply(.sent(session, try reader.packet(bytes)), reader)
        case .acknowledged:
            let session = try reader.session(bytes)
            try apply(.acknowledged(session, try reader.packet(bytes)), reader)
        case .completed:
            let session = try reader.session(bytes)
            try apply(.completed(session, try reader.packet(bytes)), reader)
        case .opened, .resumed, .closed, .expiryChanged, .ended, .subscribed, .unsubscribed,
            .dropped, .retainedExpired, .sentOnce, .willForgotten:
            let fact = try rareFact(kind, &reader, bytes)
            try apply(fact, reader)
            // The journal goes on with their places, as whoever wrote it did later.
            state.releaseLeftBehind()
        }
    }

    /// The reader has read the whole record.
    @_transparent
    private mutating func apply(_ fact: Fact, _ reader: FactReader) throws(RecordError) {
        guard reader.rest.isEmpty, fits(fact, details) else { throw .malformed(at: reader.start) }
        state.apply(fact, details)
        letGo()
    }

    /// What does not come with each message stays out of the way of what does.
    @inline(never)
    private mutating func rareFact(
        _ kind: FactKind, _ reader: inout FactReader, _ bytes: Span<UInt8>
    ) throws(RecordError) -> Fact {
        switch kind {
        case .opened: .opened(try reader.session(bytes), detail: try opening(&reader, bytes))
        case .resumed: .resumed(try reader.session(bytes), detail: try opening(&reader, bytes))
        case .closed:
            .closed(
                try reader.session(bytes),
                at: Instant(nanoseconds: Int64(bitPattern: try reader.doubleWord(bytes))))
        case .expiryChanged:
            .expiryChanged(
                try reader.session(bytes), SessionExpiry(seconds: try reader.word(bytes)))
        case .ended: .ended(try reader.session(bytes))
        case .subscribed:
            .subscribed(try reader.session(bytes), detail: try filter(&reader, bytes))
        case .unsubscribed:
            .unsubscribed(try reader.session(bytes), detail: try filter(&reader, bytes))
        case .dropped:
            .dropped(try reader.session(bytes), try reader.dropReason(bytes))
        case .retainedExpired: .retainedExpired(MessageID(place: try reader.word(bytes)))
        case .sentOnce: .sentOnce(try reader.session(bytes))
        case .willForgotten: .willForgotten(try reader.session(bytes))
        case .stored, .accepted, .released, .releasedToShares, .routed, .routedToShares, .sent,
            .acknowledged, .completed:
            preconditionFailure("a frequent fact among the rare ones")
        }
    }

    private mutating func opening(
        _ reader: inout FactReader, _ bytes: Span<UInt8>
    ) throws(RecordError) -> Int32 {
        let expiry = SessionExpiry(seconds: try reader.word(bytes))
        let will = try reader.word(bytes)
        let delay = try reader.word(bytes)
        let expires = try reader.word(bytes) == 1
        let willExpiry = try reader.word(bytes)
        let connections = try reader.word(bytes)
        return details.add(
            Details.Opening(
                client: ClientID(bytes, reader.takeRest()), expiry: expiry,
                will: will == .max ? nil : MessageID(place: will), willDelay: delay,
                willExpiry: expires ? willExpiry : nil, connections: connections))
    }

    private mutating func filter(
        _ reader: inout FactReader, _ bytes: Span<UInt8>
    ) throws(RecordError) -> Int32 {
        let word = try reader.word(bytes)
        let identifier = try reader.word(bytes)
        guard let options = try? SubscriptionOptions(UInt8(truncatingIfNeeded: word), .v5),
            identifier <= VariableByteInteger.maximum
        else {
            throw .malformed(at: reader.start)
        }
        return details.add(
            Details.Filter(
                text: reader.takeRest().map { bytes[$0] }, options: options, identifier: identifier,
                owesRetained: word & State.owesRetained != 0))
    }

    private mutating func receivers(
        _ reader: inout FactReader, _ bytes: Span<UInt8>, of message: MessageID
    ) throws(RecordError) -> Details.Receivers {
        let count = try reader.word(bytes)
        for _ in 0..<count {
            let session = try reader.session(bytes)
            let choice = try reader.word(bytes)
            guard let qos = QoS(rawValue: UInt8(truncatingIfNeeded: choice >> 16 & 3)) else {
                throw .malformed(at: reader.start)
            }
            var identifiers: [UInt32] = []
            let identifierCount = try reader.word(bytes)
            for _ in 0..<identifierCount {
                identifiers.append(try reader.identifier(bytes))
            }
            let delivery = Delivery(
                message: message, identifiers: state.identifierLists.number(of: identifiers),
                share: choice >> 19 & 1 == 1 ? try share(&reader, bytes) : .none,
                qos: qos, retain: choice >> 18 & 1 == 1)
            details.add(
                Receiver(
                    session: session, delivery: delivery,
                    id: PacketID(rawValue: UInt16(truncatingIfNeeded: choice)),
                    isDurable: true))
        }
        return details.receivers(from: 0)
    }

    private mutating func share(
        _ reader: inout FactReader, _ bytes: Span<UInt8>
    ) throws(RecordError) -> ShareID {
        let text = try reader.take(Int(try reader.word(bytes)))
        return state.subscriptions.share(named: text.map { bytes[$0] })
    }

    /// The message that a `released` record at `start` is about.
    private func held(
        by session: SessionID, under packet: PacketID, at start: Int
    ) throws(RecordError) -> MessageID {
        guard state.contains(session), let message = state[session].inbound.held(for: packet)
        else { throw .malformed(at: start) }
        return message
    }
}

/// Reads the numbers of one record.
struct FactReader {
    let start: Int
    private let content: Range<Int>
    private var position: Int

    init(at start: Int, _ content: Range<Int>) {
        self.start = start
        self.content = content
        position = content.lowerBound
    }

    var rest: Range<Int> { position..<content.upperBound }

    mutating func takeRest() -> Range<Int> {
        defer { position = content.upperBound }
        return rest
    }

    mutating func take(_ count: Int) throws(RecordError) -> Range<Int> {
        guard rest.count >= count else { throw .malformed(at: start) }
        defer { position += count }
        return position..<position + count
    }

    @inline(__always)
    mutating func word(_ bytes: Span<UInt8>) throws(RecordError) -> UInt32 {
        let at = position
        guard content.upperBound - at >= 4 else { throw .malformed(at: start) }
        position = at + 4
        return bytes.little32(at: at)
    }

    @inline(__always)
    mutating func doubleWord(_ bytes: Span<UInt8>) throws(RecordError) -> UInt64 {
        let low = UInt64(try word(bytes))
        return low | UInt64(try word(bytes)) << 32
    }

    @inline(__always)
    mutating func session(_ bytes: Span<UInt8>) throws(RecordError) -> SessionID {
        SessionID(place: try word(bytes))
    }

    @inline(__always)
    mutating func packet(_ bytes: Span<UInt8>) throws(RecordError) -> PacketID {
        guard let id = PacketID(rawValue: UInt16(truncatingIfNeeded: try word(bytes))) else {
            throw .malformed(at: start)
        }
        return id
    }

    /// A subscription identifier. 3.8.2.1.2
    mutating func identifier(_ bytes: Span<UInt8>) throws(RecordError) -> UInt32 {
        let identifier = try word(bytes)
        guard 1...268_435_455 ~= identifier else { throw .malformed(at: start) }
        return identifier
    }

    mutating func dropReason(_ bytes: Span<UInt8>) throws(RecordError) -> DropReason {
        guard let reason = DropReason(rawValue: UInt8(truncatingIfNeeded: try word(bytes))) else {
            throw .malformed(at: start)
        }
        return reason
    }
}
