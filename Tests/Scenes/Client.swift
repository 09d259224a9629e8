// SPDX-License-Identifier: Apache-2.0
// A client of either version as a test speaks: every call sends one packet and answers with what
// has come back, decoded.
import BrokerCore
import MQTT
import Testing

final class Client {
    let scene: Scene
    let name: String
    let version: ProtocolVersion
    private(set) var connection: ConnectionID?
    /// The bytes that came last.
    private(set) var lastWire: [UInt8] = []

    init(_ scene: Scene, _ name: String, _ version: ProtocolVersion) {
        self.scene = scene
        self.name = name
        self.version = version
    }

    var isOpen: Bool { connection != nil }

    func open() {
        connection = scene.open()
    }

    /// What has come since the last look.
    func received() -> [Packet] {
        guard let connection else { return [] }
        let (bytes, isClosed) = scene.take(connection)
        lastWire = bytes
        if isClosed { self.connection = nil }
        do {
            return try Packet.all(in: bytes, version) + (isClosed ? [.closed] : [])
        } catch {
            Issue.record("\(name) cannot read what it got: \(error): \(bytes)")
            return []
        }
    }

    @discardableResult
    func send(_ bytes: [UInt8]) -> [Packet] {
        guard let connection else {
            Issue.record("\(name) is not connected")
            return []
        }
        scene.recording?.versions.insert(version)
        scene.send(bytes, on: connection)
        return received()
    }

    /// The network fails.
    func lose() {
        guard let connection else { return }
        self.connection = nil
        _ = scene.take(connection)
        scene.lose(connection)
    }

    /// Takes at most `room` bytes more; nil for any number.
    func setRoom(_ room: Int?) {
        scene.setRoom(room, of: connection!)
    }
}

extension Client {
    /// A session that ends with the connection, unless `clean` or `expiry` say otherwise.
    @discardableResult
    func connect(
        clean: Bool = true, expiry: UInt32? = nil, keepAlive: UInt16 = 0, window: UInt16? = nil,
        packetSizeMax: UInt32? = nil, will: WillEncoder? = nil
    ) -> [Packet] {
        open()
        var packet = ConnectEncoder(
            version, clientID: ClientID(name), cleanStart: clean, keepAlive: keepAlive)
        packet.sessionExpiry = expiry
        packet.receiveMaximum = window
        packet.maximumPacketSize = packetSizeMax
        packet.will = will
        return send(packet.encoded())
    }

    /// With whatever else a CONNECT may say.
    @discardableResult
    func connect(_ say: (inout ConnectEncoder) -> Void) -> [Packet] {
        open()
        var packet = ConnectEncoder(
            version, clientID: ClientID(name), cleanStart: false, keepAlive: 0)
        say(&packet)
        return send(packet.encoded())
    }

    /// The session that outlives the connection, made where there is none.
    @discardableResult
    func resume(
        expiry: UInt32 = 3600, keepAlive: UInt16 = 0, window: UInt16? = nil,
        packetSizeMax: UInt32? = nil, will: WillEncoder? = nil
    ) -> [Packet] {
        connect(
            clean: false, expiry: version == .v5 ? expiry : nil, keepAlive: keepAlive,
            window: window, packetSizeMax: packetSizeMax, will: will)
    }

    @discardableResult
    func publish(
        _ topic: String, _ payload: String = "", qos: Int = 0, id: PacketID? = nil,
        dup: Bool = false, retain: Bool = false, expiry: UInt32? = nil,
        userProperties: [UserProperty] = []
    ) -> [Packet] {
        let head = PublishHead(
            qos: QoS(qos), duplicate: dup, retain: retain, id: id,
            messageExpiry: version == .v5 ? expiry : nil)
        return send(
            Wire.publish(
                version, head, topic, Array(payload.utf8),
                MessageProperties(userProperties: userProperties)))
    }

    @discardableResult
    func puback(_ id: PacketID, _ reason: ReasonCode = .success) -> [Packet] {
        acknowledge(.puback, id, reason)
    }

    @discardableResult
    func pubrec(_ id: PacketID, _ reason: ReasonCode = .success) -> [Packet] {
        acknowledge(.pubrec, id, reason)
    }

    @discardableResult
    func pubrel(_ id: PacketID, _ reason: ReasonCode = .success) -> [Packet] {
        acknowledge(.pubrel, id, reason)
    }

    @discardableResult
    func pubcomp(_ id: PacketID, _ reason: ReasonCode = .success) -> [Packet] {
        acknowledge(.pubcomp, id, reason)
    }

    private func acknowledge(
        _ kind: PacketKind, _ id: PacketID, _ reason: ReasonCode
    ) -> [Packet] {
        send(AcknowledgementEncoder(version, kind, id, reason).encoded())
    }

    @discardableResult
    func subscribe(
        _ filters: String..., qos: Int = 2, identifier: UInt32? = nil, noLocal: Bool = false,
        retainAsPublished: Bool = false, retained: RetainHandling = .send
    ) -> [Packet] {
        let options = SubscriptionOptions(
            maximumQoS: QoS(qos), noLocal: noLocal, retainAsPublished: retainAsPublished,
            retainHandling: retained)
        var packet = SubscribeEncoder(version, 60_001, filters.map { .init($0, options) })
        packet.subscriptionIdentifier = identifier
        return send(packet.encoded())
    }

    @discardableResult
    func unsubscribe(_ filters: String...) -> [Packet] {
        send(UnsubscribeEncoder(version, 60_002, filters).encoded())
    }

    @discardableResult
    func ping() -> [Packet] { send(Wire.ping()) }

    @discardableResult
    func disconnect(
        _ reason: ReasonCode = .normalDisconnection, expiry: UInt32? = nil
    ) -> [Packet] {
        var packet = DisconnectEncoder(version, reason)
        packet.sessionExpiry = expiry
        return send(packet.encoded())
    }

    /// A QoS 2 message from PUBLISH to PUBCOMP.
    func publishWhole(_ topic: String, _ payload: String = "", id: PacketID) {
        #expect(publish(topic, payload, qos: 2, id: id) == [.pubrec(id)])
        #expect(pubrel(id) == [.pubcomp(id)])
    }
}
