// SPDX-License-Identifier: Apache-2.0
//
// A client that keeps to the standard and to its session: it answers when it is told to, repeats what
// it must, and judges whether a QoS 2 message comes to it exactly once.
import MQTT

@testable import BrokerCore

struct SoundClient {
    /// A PUBLISH of its own, by identifier.
    struct Flight {
        var wire: [UInt8]
        var qos: QoS
        var isReceived = false
        /// It has to be said once more on this connection.
        var isOwed = false
    }

    /// A QoS 2 PUBLISH that arrived and was not released.
    private struct Held {
        var payload: [UInt8]
        var isAnswered = false
    }

    let name: String
    let version: ProtocolVersion
    var connection: ConnectionID?
    private(set) var isAccepted = false
    private(set) var flights: [UInt16: Flight] = [:]
    /// What the broker waits for, oldest first.
    private(set) var owed: [AcknowledgementEncoder] = []
    private var held: [UInt16: Held] = [:]
    /// QoS 2 messages of this session.
    private var seen: Set<[UInt8]> = []
    /// Through a shared subscription a client may get a message more than once.
    var isSharing = false

    init(_ name: String, _ version: ProtocolVersion) {
        self.name = name
        self.version = version
    }

    mutating func opened(_ id: ConnectionID) {
        connection = id
        isAccepted = false
        owed = []
    }

    mutating func lost() {
        connection = nil
        isAccepted = false
        owed = []
    }
}

extension SoundClient {
    /// What the client says of itself.
    mutating func published(_ id: UInt16, _ wire: [UInt8], _ qos: QoS) {
        flights[id] = Flight(wire: wire, qos: qos)
    }

    /// The next identifier that is free.
    func freeID(after start: UInt8) -> UInt16 {
        var id = UInt16(start) % 20 + 1
        while flights[id] != nil { id += 1 }
        return id
    }

    /// PUBREL for what has its PUBREC; on a new connection also a repeat of what has none.
    mutating func nextRelease() -> [UInt8]? {
        for id in flights.keys.sorted() {
            guard let flight = flights[id] else { continue }
            if flight.isReceived {
                return AcknowledgementEncoder(version, .pubrel, PacketID(id)).encoded()
            }
            if flight.isOwed {
                flights[id]!.isOwed = false
                var wire = flight.wire
                wire[0] |= 0b1000
                return wire
            }
        }
        return nil
    }

    /// An answer that it owes; in MQTT 5.0 it may be a refusal.
    mutating func nextAnswer(_ reason: ReasonCode = .success) -> [UInt8]? {
        guard !owed.isEmpty else { return nil }
        var answer = owed.removeFirst()
        let mayRefuse = answer.kind == .puback || answer.kind == .pubrec
        if version == .v5, mayRefuse, reason.isFailure {
            answer = AcknowledgementEncoder(.v5, answer.kind, answer.id, reason)
        }
        let id = answer.id.rawValue
        if answer.kind == .pubrec { held[id]?.isAnswered = true }
        if answer.reason.isFailure { held[id] = nil }
        return answer.encoded()
    }
}

extension SoundClient {
    mutating func received(_ packet: AnyPacket, _ wire: [UInt8]) throws(Breach) {
        switch packet {
        case .connack(let connack):
            isAccepted = !connack.reason.isFailure
            if isAccepted { joined(isPresent: connack.sessionPresent) }
        case .publish(let publish): try received(publish, Array(wire[publish.payload]))
        case .acknowledgement(let answer): try received(answer)
        default: return
        }
    }

    private mutating func joined(isPresent: Bool) {
        if isPresent {
            for id in flights.keys { flights[id]!.isOwed = true }
        } else {
            flights = [:]
            held = [:]
            seen = []
        }
    }

    private mutating func received(
        _ publish: PublishPacket, _ payload: [UInt8]
    ) throws(Breach) {
        guard let id = publish.id else { return }
        guard publish.qos == .exactlyOnce else {
            owed.append(AcknowledgementEncoder(version, .puback, id))
            return
        }
        if let known = held[id.rawValue] {
            try require(
                known.payload == payload, "\(name): identifier \(id) stands for another message")
            try require(publish.duplicate, "\(name): a repeat of \(id) without DUP")
        } else {
            held[id.rawValue] = Held(payload: payload)
            let isNamed = !publish.retain && !isSharing && !payload.isEmpty
            let isNew = !isNamed || seen.insert(payload).inserted
            try require(isNew, "\(name): message \(payload.prefix(3)) came twice")
        }
        owed.append(AcknowledgementEncoder(version, .pubrec, id))
    }

    private mutating func received(_ answer: AcknowledgementPacket) throws(Breach) {
        let id = answer.id.rawValue
        switch answer.kind {
        case .puback, .pubcomp: flights[id] = nil
        case .pubrec:
            if answer.reason.isFailure { flights[id] = nil }
            flights[id]?.isReceived = true
        default:
            let known = held.removeValue(forKey: id)
            try require(known?.isAnswered != false, "\(name): PUBREL \(id) without a PUBREC")
            owed.append(AcknowledgementEncoder(version, .pubcomp, answer.id))
        }
    }
}
