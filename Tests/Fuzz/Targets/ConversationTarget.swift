// SPDX-License-Identifier: Apache-2.0
//
// The engine among clients that keep to the standard: the input chooses what they say, not its bytes,
// so that short scripts reach deep. Now and then a byte is damaged on its way.
import MQTT

@testable import BrokerCore

final class Conversation {
    private let harness: BrokerHarness
    private var script: Script
    private var clients = [
        SoundClient("a", .v5), SoundClient("b", .v5), SoundClient("c", .v311),
        SoundClient("d", .v5),
    ]
    /// Counts messages: no two have the same payload.
    private var messages: UInt16 = 0

    private static let topics = ["a", "a/b", "a/b/c", "b", "$s/x"]
    private static let filters = [
        "a", "a/#", "a/+", "#", "+/b/+", "b", "$s/#", "+", "$share/g/a", "$share/g/#", "/",
    ]

    init(_ input: [UInt8], _ planted: Planted?) {
        var script = Script(input)
        harness = BrokerHarness(Limits(&script), planted: planted)
        self.script = script
        harness.onPacket = { [unowned self] (id, packet, wire) throws(Breach) in
            guard let at = clients.firstIndex(where: { $0.connection == id }) else { return }
            try clients[at].received(packet, wire)
        }
        harness.onEnd = { [unowned self] id in
            guard let at = clients.firstIndex(where: { $0.connection == id }) else { return }
            clients[at].lost()
        }
    }

    static func run(_ input: [UInt8], _ planted: Planted?) throws(Breach) {
        let conversation = Conversation(input, planted)
        while !conversation.script.isAtEnd { try conversation.step() }
        try conversation.harness.judgeEnd()
    }

    private func step() throws(Breach) {
        let word = script.byte()
        let at = Int(word >> 4) % clients.count
        switch word & 15 {
        case 11: return try harness.pass(script.pick(Misfortune.times))
        case 12: return try work(of: Int(word >> 4))
        case 13:
            let link = clients[at].connection ?? ConnectionID(place: 0)
            return try Misfortune.strike(script.byte(), link, &script, harness)
        default: break
        }
        guard let link = clients[at].connection else { return try connect(at) }
        switch word & 15 {
        case 0: try connect(at)
        case 1: try leave(at, link)
        case 2: try harness.lose(link)
        case 3: try say(at, subscribe(at))
        case 4: try say(at, UnsubscribeEncoder(clients[at].version, 77, [filter(at)]).encoded())
        case 5...7: try publish(at)
        case 8: if let wire = clients[at].nextRelease() { try say(at, wire) }
        case 9: if let wire = clients[at].nextAnswer() { try say(at, wire) }
        case 10: while let wire = clients[at].nextAnswer() { try say(at, wire) }
        case 14: try oddity(at)
        default: try damaged(at)
        }
    }

    /// The disk.
    private func work(of choice: Int) throws(Breach) {
        switch choice & 3 {
        case 0: harness.home.isLate = true
        case 3: try harness.commitAll()
        default: try harness.commit()
        }
    }

    private func say(_ at: Int, _ wire: [UInt8]) throws(Breach) {
        guard let link = clients[at].connection else { return }
        try harness.send(wire, on: link)
    }
}

extension Conversation {
    /// On a new connection; an older one of this client is left to itself.
    private func connect(_ at: Int) throws(Breach) {
        if harness.links.count > 8, let oldest = harness.openLinks.first {
            try harness.lose(oldest)
        }
        let version = clients[at].version
        let choice = script.byte()
        var packet = ConnectEncoder(
            version, clientID: ClientID(clients[at].name), cleanStart: choice & 1 != 0)
        if choice & 2 != 0 { packet.keepAlive = 20 }
        if choice & 4 != 0 { packet.will = will(version) }
        if version == .v5 {
            packet.sessionExpiry = choice & 8 != 0 ? script.pick([0, 1, 60, .max]) : 1000
            if choice & 16 != 0 { packet.receiveMaximum = UInt16(script.below(3) + 1) }
            if choice & 32 != 0 { packet.maximumPacketSize = UInt32(script.below(200) + 1) }
            if choice & 64 != 0 { packet.topicAliasMaximum = UInt16(script.below(3)) }
            if choice & 128 != 0 { packet.requestResponseInformation = true }
        }
        let link = try harness.open()
        clients[at].opened(link)
        try say(at, packet.encoded())
    }

    private func will(_ version: ProtocolVersion) -> WillEncoder {
        let choice = script.byte()
        var will = WillEncoder(
            topic: Self.topics[Int(choice >> 3) % Self.topics.count], payload: payload(1),
            qos: QoS(rawValue: choice % 3)!, retain: choice & 4 != 0)
        if version == .v5 {
            will.delay = script.pick([nil, 0, 5, 70])
            will.messageExpiry = script.pick([nil, 30])
        }
        return will
    }

    private func leave(_ at: Int, _ link: ConnectionID) throws(Breach) {
        var packet = DisconnectEncoder(
            clients[at].version, script.flag() ? .disconnectWithWillMessage : .success)
        packet.sessionExpiry = script.pick([nil, nil, 0, 5, .max])
        try say(at, packet.encoded())
        try harness.lose(link)
    }

    private func filter(_ at: Int) -> String {
        let filter = script.pick(Self.filters)
        if filter.hasPrefix("$share") { clients[at].isSharing = true }
        return filter
    }

    private func subscribe(_ at: Int) -> [UInt8] {
        let choice = script.byte()
        let filter = filter(at)
        let isNew = clients[at].version == .v5
        let options = SubscriptionOptions(
            maximumQoS: QoS(rawValue: choice % 3)!,
            noLocal: isNew && choice & 4 != 0 && !filter.hasPrefix("$share"),
            retainAsPublished: isNew && choice & 8 != 0,
            retainHandling: isNew ? RetainHandling(rawValue: choice >> 4 & 3) ?? .send : .send)
        var packet = SubscribeEncoder(clients[at].version, 76, [.init(filter, options)])
        if choice & 128 != 0 { packet.subscriptionIdentifier = 1 + UInt32(choice & 64) * 5 }
        if choice & 64 != 0 { packet.requests.append(.init(self.filter(at), options)) }
        // No Local is not for shared ones. [MQTT-3.8.3-4]
        for index in packet.requests.indices
        where packet.requests[index].filter.hasPrefix("$share") {
            packet.requests[index].options.noLocal = false
        }
        return packet.encoded()
    }

    private func payload(_ size: Int) -> [UInt8] {
        messages += 1
        let number = [UInt8(messages >> 8), UInt8(messages & 255)]
        return number + [UInt8](repeating: 0x2E, count: size)
    }

    /// An empty payload only takes back what is retained.
    private func publish(_ at: Int) throws(Breach) {
        let choice = script.byte()
        let qos = QoS(rawValue: choice % 3)!
        let isNew = clients[at].version == .v5
        let id = qos == .atMostOnce ? nil : clients[at].freeID(after: choice >> 4)
        var head = PublishHead(qos: qos, retain: choice & 4 != 0, id: id.map { PacketID($0) })
        if isNew, choice & 64 != 0 { head.messageExpiry = script.pick([0, 1, 40, .max]) }
        var topic = Array(script.pick(Self.topics).utf8)
        if isNew, choice & 128 != 0 {
            head.topicAlias = UInt16(script.below(3) + 1)
            // Only who has said it before may leave it out: others are told so.
            if script.below(4) == 3 { topic = [] }
        }
        let isEmpty = head.retain && choice & 8 != 0
        let payload = isEmpty ? [] : payload(script.pick([1, 1, 20, 80, 9000]))
        let wire = publishBytes(
            clients[at].version, head, topic, payload, properties(choice, isNew))
        if let id, !topic.isEmpty { clients[at].published(id, wire, qos) }
        try say(at, wire)
    }

    private func properties(_ choice: UInt8, _ isNew: Bool) -> MessageProperties {
        guard isNew, choice & 32 != 0 else { return MessageProperties() }
        return MessageProperties(
            isText: true, contentType: "t", responseTopic: "r",
            userProperties: [UserProperty("stream", "s"), UserProperty("seq", "\(messages)")])
    }

    /// Allowed, and rare.
    private func oddity(_ at: Int) throws(Breach) {
        switch script.below(4) {
        case 0: try say(at, [0xC0, 0])
        case 1: if let wire = clients[at].nextAnswer(.quotaExceeded) { try say(at, wire) }
        case 2: try harness.setRoom(script.pick([nil, 0, 1, 50]), of: clients[at].connection!)
        default: _ = try harness.open()
        }
    }

    /// The client is no longer sound for this connection: it is lost behind that.
    private func damaged(_ at: Int) throws(Breach) {
        var wire = subscribe(at)
        wire[script.below(wire.count)] = script.byte()
        try say(at, wire)
        if let link = clients[at].connection { try harness.lose(link) }
    }
}
