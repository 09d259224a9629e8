// SPDX-License-Identifier: Apache-2.0
//
// One connection as its client sees it: what arrives is whole and well-formed, CONNACK comes first,
// and the client's Receive Maximum, Maximum Packet Size and Topic Alias Maximum are kept.
import MQTT

struct LinkJudge {
    /// A PUBLISH of QoS 1 or 2 that the client has not answered to the end.
    private enum Flight {
        case published1
        case published2
        case released
    }

    private var packetSizeMax = Int.max
    private var receiveMaximum = 65_535
    private var topicAliasMaximum: UInt16 = 0
    private var aliases: Set<UInt16> = []
    private var flights: [UInt16: Flight] = [:]
    /// The client answers what it never got: then it has no window that could be judged.
    private var isWild = false
    /// A second CONNECT counts for nothing.
    private var hasConnect = false
    private var hasConnack = false
    private var isRefused = false
    /// The beginning of a packet.
    private var rest: [UInt8] = []

    /// How much of a packet is here that is not whole yet.
    var restCount: Int { rest.count }

    /// A packet of the client that the broker has taken; `isAllRead` if the client has read all
    /// that the broker has said so far.
    mutating func said(_ packet: AnyPacket, isAllRead: Bool) {
        switch packet {
        case .connect(let connect) where !hasConnect:
            hasConnect = true
            packetSizeMax = connect.maximumPacketSize.map { Int($0) } ?? .max
            receiveMaximum = Int(connect.receiveMaximum)
            topicAliasMaximum = connect.topicAliasMaximum
        case .acknowledgement(let answer): said(answer, isAllRead: isAllRead)
        default: return
        }
    }

    private mutating func said(_ answer: AcknowledgementPacket, isAllRead: Bool) {
        let id = answer.id.rawValue
        switch (answer.kind, flights[id]) {
        case (.puback, .published1), (.pubcomp, .released): flights[id] = nil
        case (.pubrec, .published2):
            flights[id] = answer.reason.isFailure ? nil : .released
        case (.pubrec, .released), (.pubrel, _): return
        default: if !isAllRead { isWild = true }
        }
    }

    /// Bytes that have left for the client. Gives the packets that are whole by now to `see`, with
    /// their size.
    mutating func received(
        _ bytes: [UInt8], _ version: ProtocolVersion,
        _ see: (AnyPacket, FixedHeader, [UInt8]) throws(Breach) -> Void
    ) throws(Breach) {
        rest += bytes
        var at = 0
        while true {
            let wire = Array(rest[at...])
            let (header, packet) = try decode(wire, version)
            guard let header, let packet else { break }
            try judge(packet, header, wire)
            try see(packet, header, wire)
            at += header.end
        }
        rest.removeFirst(at)
    }

    private func decode(
        _ wire: [UInt8], _ version: ProtocolVersion
    ) throws(Breach) -> (FixedHeader?, AnyPacket?) {
        do throws(DecodeError) {
            guard let header = try FixedHeader.read(wire.span, at: 0, version: version),
                header.end <= wire.count
            else { return (nil, nil) }
            return (header, try AnyPacket(wire, header, version, from: .server))
        } catch {
            throw Breach("the broker sent what clients refuse: \(error): \(wire.hex)")
        }
    }

    /// The connection has ended.
    func ended() throws(Breach) {
        try require(rest.isEmpty, "the connection ended in the middle of a packet")
    }

    private mutating func judge(
        _ packet: AnyPacket, _ header: FixedHeader, _ wire: [UInt8]
    ) throws(Breach) {
        try require(
            header.end <= packetSizeMax,
            "\(header.kind) of \(header.end) bytes for a client that takes \(packetSizeMax)")
        try require(!isRefused, "\(header.kind) behind a CONNACK that refuses")
        if case .connack(let connack) = packet {
            try require(!hasConnack, "a second CONNACK")
            hasConnack = true
            isRefused = connack.reason.isFailure
            return
        }
        try require(hasConnack, "\(header.kind) before CONNACK")
        switch packet {
        case .publish(let publish): try judge(publish)
        case .acknowledgement, .suback, .unsuback, .ping, .disconnect: break
        case .connect, .connack, .subscribe, .unsubscribe, .auth:
            throw Breach("\(header.kind) for a client")
        }
        try require(header.kind != .pingreq, "PINGREQ for a client")
    }

    private mutating func judge(_ publish: PublishPacket) throws(Breach) {
        if let alias = publish.properties.topicAlias {
            try require(alias <= topicAliasMaximum, "topic alias \(alias) was not allowed")
            try require(
                !publish.topic.isEmpty || aliases.contains(alias),
                "topic alias \(alias) was never told")
            aliases.insert(alias)
        }
        guard let id = publish.id?.rawValue, !isWild else { return }
        try require(flights[id] == nil, "packet identifier \(id) is given twice")
        flights[id] = publish.qos == .exactlyOnce ? .published2 : .published1
        try require(
            flights.count <= receiveMaximum,
            "\(flights.count) PUBLISH under a Receive Maximum of \(receiveMaximum)")
    }
}
