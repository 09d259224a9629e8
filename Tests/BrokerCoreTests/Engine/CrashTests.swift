// SPDX-License-Identifier: Apache-2.0
// The broker dies at every point of a QoS 2 message's way: the message arrives once, whatever the
// disk had at that moment. The clients here keep their own half of the protocol by heart.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct CrashTests {
    @Test func whatWasAcknowledgedSurvives() throws {
        try scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.resume()
            db.resume()
            db.subscribe("t")
            #expect(plc.publish("t", "a", qos: 2, id: 1) == [.pubrec(1)])
            plc.publishWhole("t", "b", id: 2)
            plc.publishWhole("t", "c", id: 3)
            #expect(db.received().count == 2)
            #expect(db.pubrec(1) == [.pubrel(1)])
            try scene.crash()
            #expect(plc.resume() == [.connack(present: true)])
            #expect(plc.pubrel(1) == [.pubcomp(1)])
            // An owed PUBREL stays PUBREL; the open identifiers stay with their messages.
            #expect(
                db.resume() == [
                    .connack(present: true), .pubrel(1),
                    .publish("t", "c", qos: 2, id: 2, dup: true), .publish("t", "a", qos: 2, id: 3),
                ])
        }
    }

    @Test func whatWasNotDurableNeverHappened() throws {
        try scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.resume()
            db.resume()
            db.subscribe("t")
            scene.home.isLate = true
            #expect(plc.publish("t", "a", qos: 2, id: 1) == [])
            try scene.crash()
            #expect(plc.resume() == [.connack(present: true)])
            #expect(plc.pubrel(1) == [.pubcomp(1, .packetIdentifierNotFound)])
            #expect(db.resume() == [.connack(present: true)])
        }
    }

    /// Sessions that end with their connection ended; wills go out; absent ones count from now.
    @Test func theEndOfTheProcessIsTheEndOfEveryConnection() throws {
        try scene { scene in
            let will = WillEncoder(topic: "w", payload: [0x78], qos: .atLeastOnce)
            var later = will
            later.delay = 10
            later.payload = [0x79]
            let watcher = scene.client("watcher")
            watcher.resume()
            watcher.subscribe("w")
            scene.client("prompt").resume(will: will)
            scene.client("patient").resume(will: later)
            scene.client("clean").connect(will: will)
            try scene.crash()
            #expect(scene.engine.broker.status.sessions == 3)
            #expect(
                watcher.resume() == [.connack(present: true), .publish("w", "x", qos: 1, id: 1)])
            scene.pass(.seconds(10))
            #expect(watcher.received() == [.publish("w", "y", qos: 1, id: 2)])
            scene.pass(.seconds(3590))
            #expect(scene.engine.broker.status.sessions == 1)
        }
    }

    @Test func aSessionThatHadLostItsExpiryEndsWithTheProcess() throws {
        try scene { scene in
            let plc = scene.client("plc")
            plc.resume()
            plc.disconnect()
            plc.connect(clean: false)
            try scene.crash()
            #expect(plc.resume() == [.connack(present: false)])
        }
    }

    /// Every step of the conversation, with the disk early or late, once with a crash behind it.
    @Test func aQoS2MessageArrivesOnceWhereverTheBrokerDies() throws {
        for version in versions {
            for isLate in [false, true] {
                for commits in 0...2 {
                    for fatal in 0...9 {
                        try scene { scene in
                            let hop = Hop(scene, version)
                            scene.home.isLate = isLate
                            for step in 0...9 {
                                hop.step()
                                for _ in 0..<commits { scene.commit() }
                                if step == fatal { try hop.crash() }
                            }
                            scene.commitAll()
                            hop.finish()
                            #expect(
                                hop.delivered == ["1", "2", "3"],
                                "\(version), late \(isLate), \(commits) commits, dies at \(fatal)")
                        }
                    }
                }
            }
        }
    }

    @Test func messagesArriveOnceThroughManyRandomCrashes() throws {
        for seed in 0..<40 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            try scene { scene in
                let hop = Hop(scene, random.pick(versions))
                for _ in 0..<60 {
                    scene.home.isLate = random.chance(oneIn: 2)
                    hop.step()
                    if random.chance(oneIn: 3) { scene.commit() }
                    if random.chance(oneIn: 8) { hop.cut(first: random.chance(oneIn: 2)) }
                    if random.chance(oneIn: 10) { try hop.crash() }
                }
                scene.commitAll()
                hop.finish()
                #expect(hop.delivered == ["1", "2", "3"], "seed \(seed)")
            }
        }
    }
}

/// A publisher with three messages and a subscriber, both correct: they remember what the standard
/// wants them to remember, through any loss of a connection.
private final class Hop {
    private enum Outgoing {
        case published
        case released
    }

    private let scene: Scene
    private let plc: Client
    private let db: Client
    private var outgoing: [(id: PacketID, text: String, state: Outgoing)] = []
    private var open: Set<PacketID> = []
    private(set) var delivered: [String] = []
    private var next = 1

    init(_ scene: Scene, _ version: ProtocolVersion) {
        self.scene = scene
        plc = scene.client("plc", version)
        db = scene.client("db", version)
        plc.resume()
        db.resume()
        db.subscribe("t")
    }

    /// Both sides read and answer, and the publisher says the next thing.
    func step() {
        reconnect()
        if next <= 3 {
            let id = PacketID(UInt16(next))
            outgoing.append((id, "\(next)", .published))
            take(plc.publish("t", "\(next)", qos: 2, id: id))
            next += 1
        }
        take(plc.received())
        take(fromBroker: db.received())
    }

    func crash() throws {
        try scene.crash()
        plc.lose()
        db.lose()
    }

    func cut(first: Bool) {
        if first { plc.lose() } else { db.lose() }
    }

    func finish() {
        for _ in 0..<20 { step() }
        #expect(outgoing.isEmpty)
        #expect(open.isEmpty)
        #expect(scene.engine.broker.status.messages == 0)
    }

    private func reconnect() {
        if !plc.isOpen {
            plc.resume()
            for (id, text, state) in outgoing {
                switch state {
                case .published: take(plc.publish("t", text, qos: 2, id: id, dup: true))
                case .released: take(plc.pubrel(id))
                }
            }
        }
        if !db.isOpen { take(fromBroker: db.resume()) }
    }

    private func take(_ packets: [Packet]) {
        for packet in packets {
            switch packet {
            case .pubrec(let id, .success):
                guard let at = outgoing.firstIndex(where: { $0.id == id }) else { continue }
                outgoing[at].state = .released
                take(plc.pubrel(id))
            case .pubcomp(let id, _): outgoing.removeAll { $0.id == id }
            case .connack: continue
            default: Issue.record("the publisher got \(packet)")
            }
        }
    }

    private func take(fromBroker packets: [Packet]) {
        for packet in packets {
            switch packet {
            case .message(let message):
                let id = message.id!
                #expect(!open.contains(id) || message.dup, "repeat without DUP")
                if open.insert(id).inserted { delivered.append(message.payload) }
                take(fromBroker: db.pubrec(id))
            case .pubrel(let id, _):
                open.remove(id)
                take(fromBroker: db.pubcomp(id))
            case .connack(let reason, let present):
                #expect(reason == .success && present)
            default: Issue.record("the subscriber got \(packet)")
            }
        }
    }
}
