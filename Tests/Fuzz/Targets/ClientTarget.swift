// SPDX-License-Identifier: Apache-2.0
//
// The client engine of publisher and subscriber, and a server that says anything: answers in form and
// out of place, and bytes that are none.
import MQTT

@testable import ClientCore

enum ClientTarget {
    static func run(_ input: [UInt8], _ planted: Planted?) throws(Breach) {
        var script = Script(input)
        let options = options(&script)
        let harness = ClientHarness(options, planted)
        try harness.step {}
        while !script.isAtEnd, !harness.isStopped {
            try step(&script, harness, options.version)
        }
    }

    private static func options(_ script: inout Script) -> ClientOptions {
        var options = ClientOptions(clientID: ClientID("c"), server: "test:1883")
        let choice = script.byte()
        options.version = choice & 1 == 0 ? .v5 : .v311
        if choice & 2 != 0 {
            options.subscriptions = [.init("a/#", SubscriptionOptions(maximumQoS: .exactlyOnce))]
        }
        if choice & 4 != 0 { options.receiveMaximum = 2 }
        if choice & 8 != 0 { options.inFlightMax = 2 }
        if choice & 16 != 0 { options.outboxMax = 3 }
        if choice & 32 != 0 { options.outboxOverflow = .dropOldest }
        if choice & 64 != 0 { options.packetSizeMax = 100 }
        if choice & 128 != 0 { options.keepAlive = KeepAlive(seconds: 0) }
        return options
    }

    private static func step(
        _ script: inout Script, _ harness: ClientHarness, _ version: ProtocolVersion
    ) throws(Breach) {
        if !harness.isConnected, script.flag() { try harness.opened() }
        let word = script.byte()
        switch word & 15 {
        case 0: try harness.notReached()
        case 1: try harness.step { harness.hangUp("reset") }
        case 2, 3: try enqueue(&script, harness)
        case 4: try harness.pass(script.pick(Misfortune.times))
        case 5: harness.home.isLate = word & 16 != 0
        case 6: try harness.commit()
        case 7: try harness.answer()
        case 8: try harness.receive(connack(&script, version))
        case 9...12: try harness.receive(acknowledgement(&script, version))
        case 13: try harness.receive(publish(&script, version))
        case 14: try harness.receive(other(&script, version))
        default:
            if word & 16 != 0 { return try harness.crash() }
            if word & 32 != 0 { return try note(harness, word) }
            try harness.step { harness.engine.stop(within: .seconds(5), at: harness.now) }
        }
    }

    private static func note(_ harness: ClientHarness, _ word: UInt8) throws(Breach) {
        try harness.step { harness.engine.note([word]) }
    }

    private static func enqueue(
        _ script: inout Script, _ harness: ClientHarness
    ) throws(Breach) {
        let choice = script.byte()
        let message = OutboxMessage(
            qos: QoS(rawValue: choice % 3)!, topic: Array("t".utf8), label: "s/\(choice)",
            properties: MessageProperties(),
            payload: [UInt8](repeating: choice, count: choice & 128 != 0 ? 90 : 1))
        try harness.step { _ = harness.engine.enqueue(message, at: harness.now) }
    }

    private static func connack(_ script: inout Script, _ version: ProtocolVersion) -> [UInt8] {
        let choice = script.byte()
        let refusal =
            choice & 1 != 0
            ? ConnackEncoder(refusing: version, ReasonCode(0x80 | script.byte()))
            : nil
        guard var packet = refusal else {
            var packet = ConnackEncoder(accepting: version, sessionPresent: choice & 2 != 0)
            if choice & 4 != 0 { packet.receiveMaximum = UInt16(script.below(3)) }
            if choice & 8 != 0 { packet.maximumPacketSize = UInt32(script.below(100)) }
            if choice & 16 != 0 { packet.maximumQoS = .atLeastOnce }
            if choice & 32 != 0 { packet.serverKeepAlive = UInt16(script.byte()) }
            if choice & 64 != 0 { packet.assignedClientID = ClientID("x") }
            if choice & 128 != 0 { packet.sessionExpiry = UInt32(script.byte()) }
            return packet.encoded()
        }
        if choice & 4 != 0 { packet.reasonString = "why" }
        return packet.encoded()
    }

    private static func id(_ script: inout Script) -> PacketID {
        PacketID(UInt16(script.below(5) + 1))
    }

    private static func acknowledgement(
        _ script: inout Script, _ version: ProtocolVersion
    ) -> [UInt8] {
        let choice = script.byte()
        let kind = [PacketKind.puback, .pubrec, .pubrel, .pubcomp][Int(choice & 3)]
        let reason = choice & 4 == 0 ? ReasonCode.success : ReasonCode(script.byte())
        return AcknowledgementEncoder(version, kind, id(&script), reason).encoded()
    }

    private static func publish(_ script: inout Script, _ version: ProtocolVersion) -> [UInt8] {
        let choice = script.byte()
        let qos = QoS(rawValue: choice % 3)!
        let isAnswered = qos != .atMostOnce
        var head = PublishHead(
            qos: qos, duplicate: isAnswered && choice & 4 != 0, retain: choice & 8 != 0,
            id: isAnswered ? id(&script) : nil)
        if choice & 16 != 0 { head.topicAlias = UInt16(script.below(2)) }
        let properties = MessageProperties(
            userProperties: choice & 32 != 0
                ? [UserProperty("stream", "s"), UserProperty("seq", "1")] : [])
        let payload = [UInt8](repeating: 1, count: choice & 64 != 0 ? 120 : 1)
        let isNew = version == .v5
        return publishBytes(
            version, head, choice & 128 != 0 && isNew ? [] : Array("a".utf8), payload,
            isNew ? properties : MessageProperties())
    }

    private static func other(_ script: inout Script, _ version: ProtocolVersion) -> [UInt8] {
        switch script.below(5) {
        case 0: return [0xD0, 0]
        case 1:
            let reasons = (0...script.below(2)).map { _ in ReasonCode(script.byte()) }
            return SubackEncoder(version, id(&script), reasons).encoded()
        case 2:
            var packet = DisconnectEncoder(.v5, ReasonCode(script.byte()))
            if script.flag() { packet.serverReference = "other" }
            return packet.encoded()
        case 3: return UnsubackEncoder(version, id(&script), [.success]).encoded()
        default: return script.bytes(script.below(40))
        }
    }
}
