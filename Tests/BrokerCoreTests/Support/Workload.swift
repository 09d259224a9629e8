// SPDX-License-Identifier: Apache-2.0
// Everything that clients do, chosen by a seed: valid packets in any order, connections that come
// and go, time that passes. What the broker answers is partly acknowledged and partly left open.
import MQTT

@testable import BrokerCore
@testable import Scenes

struct Workload {
    private var random: SplitMix64
    private let scene: Scene
    private var clients: [Client] = []
    /// Packets that clients have not answered yet.
    private var owed: [(client: Int, packet: Packet)] = []
    private var nextID: [UInt16] = []
    /// Identifiers of QoS 2 messages that were published and not released.
    private var unreleased: [[PacketID]] = []

    init(_ scene: Scene, seed: UInt64) {
        random = SplitMix64(seed: seed)
        self.scene = scene
        for number in 0..<8 {
            clients.append(scene.client("c\(number)", number.isMultiple(of: 3) ? .v311 : .v5))
            nextID.append(0)
            unreleased.append([])
        }
    }

    /// One thing that happens.
    mutating func step() {
        let at = random.upTo(clients.count - 1)
        guard clients[at].isOpen else {
            connect(at)
            return
        }
        switch random.upTo(19) {
        case 0: leave(at)
        case 1: subscribe(at)
        case 2: keep(at, clients[at].unsubscribe(random.pick(Self.filters)))
        case 3: pass()
        case 4...9: publish(at)
        case 10, 11: release(at)
        default: answer()
        }
        for at in clients.indices where clients[at].isOpen {
            keep(at, clients[at].received())
        }
    }

    static let topics = ["a", "a/b", "a/b/c", "b", "b/c", "$s/x", "w"]
    static let filters = ["a", "a/#", "a/+", "#", "+/b/+", "b/c", "$s/#", "w", "+"]

    private mutating func connect(_ at: Int) {
        let client = clients[at]
        let isClean = random.chance(oneIn: 3)
        let expiry = random.pick(isClean ? [nil, 0, 50] : [nil, 60, 100_000] as [UInt32?])
        let packets = client.connect(
            clean: isClean, expiry: client.version == .v5 ? expiry : nil,
            keepAlive: random.pick([0, 0, 20]),
            window: client.version == .v5 ? random.pick([nil, 1, 3]) : nil,
            packetSizeMax: client.version == .v5 ? random.pick([nil, nil, 60]) : nil,
            will: random.chance(oneIn: 3) ? will(client.version) : nil)
        owed.removeAll { $0.client == at }
        if packets.first == .connack() { unreleased[at] = [] }
        keep(at, packets)
    }

    private mutating func will(_ version: ProtocolVersion) -> WillEncoder {
        WillEncoder(
            topic: random.pick(Self.topics), payload: random.bytes(upTo: 30),
            qos: random.pick([.atMostOnce, .atLeastOnce, .exactlyOnce]),
            retain: random.chance(oneIn: 3),
            delay: version == .v5 ? random.pick([nil, 0, 5, 70]) : nil,
            messageExpiry: version == .v5 ? random.pick([nil, 30]) : nil)
    }

    private mutating func leave(_ at: Int) {
        switch random.upTo(3) {
        case 0: clients[at].disconnect()
        case 1 where clients[at].version == .v5:
            clients[at].disconnect(.disconnectWithWillMessage)
        case 2: clients[at].open()  // The first socket is left to itself.
        default: clients[at].lose()
        }
    }

    private mutating func subscribe(_ at: Int) {
        let client = clients[at]
        let isNew = client.version == .v5
        keep(
            at,
            client.subscribe(
                random.pick(Self.filters), random.pick(Self.filters), qos: random.upTo(2),
                identifier: isNew ? random.pick([nil, 1, 2, 300]) : nil,
                noLocal: isNew && random.chance(oneIn: 4),
                retainAsPublished: isNew && random.chance(oneIn: 3),
                retained: isNew ? random.pick([.send, .sendIfNew, .doNotSend]) : .send))
    }

    private mutating func publish(_ at: Int) {
        let qos = random.upTo(2)
        nextID[at] = nextID[at] % 30 + 1
        let id = PacketID(nextID[at])
        let text = String(repeating: "x", count: random.pick([0, 1, 10, 80, 9000]))
        let isNew = clients[at].version == .v5
        keep(
            at,
            clients[at].publish(
                random.pick(Self.topics), text, qos: qos, id: qos == 0 ? nil : id,
                dup: qos > 0 && random.chance(oneIn: 5), retain: random.chance(oneIn: 4),
                expiry: isNew ? random.pick([nil, nil, 40, 0]) : nil,
                userProperties: isNew && random.chance(oneIn: 3)
                    ? [UserProperty("stream", "s"), UserProperty("seq", "\(nextID[at])")] : []))
        if qos == 2, !unreleased[at].contains(id) { unreleased[at].append(id) }
    }

    private mutating func release(_ at: Int) {
        guard let id = unreleased[at].randomElement(using: &random) else { return }
        unreleased[at].removeAll { $0 == id }
        keep(at, clients[at].pubrel(id))
    }

    private mutating func pass() {
        scene.pass(random.pick([.milliseconds(1), .seconds(1), .seconds(29), .seconds(200)]))
    }

    /// Notes what waits for an answer of the client.
    private mutating func keep(_ at: Int, _ packets: [Packet]) {
        for packet in packets {
            switch packet {
            case .message(let message) where message.qos > 0: owed.append((at, packet))
            case .pubrel: owed.append((at, packet))
            default: continue
            }
        }
    }

    private mutating func answer() {
        guard !owed.isEmpty else { return }
        let (at, packet) = owed.remove(at: random.upTo(owed.count - 1))
        guard clients[at].isOpen else { return }
        let client = clients[at]
        let refuses = client.version == .v5 && random.chance(oneIn: 12)
        switch packet {
        case .message(let message) where message.qos == 1:
            keep(at, client.puback(message.id!, refuses ? .quotaExceeded : .success))
        case .message(let message):
            keep(at, client.pubrec(message.id!, refuses ? .quotaExceeded : .success))
        case .pubrel(let id, _): keep(at, client.pubcomp(id))
        default: return
        }
    }
}
