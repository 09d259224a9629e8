// SPDX-License-Identifier: Apache-2.0
// Connections whose other side reads slowly or not at all.
import Journal
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct CongestionTests {
    private var limits: Limits {
        var limits = Limits()
        limits.outputBytesMax = 1000
        return limits
    }

    private func congested(_ scene: Scene) -> UInt64 {
        scene.engine.broker.metrics.dropped[Int(DropReason.congested.rawValue)]
    }

    @Test func aSlowReaderLosesQoS0AndNothingElse() {
        scene(limits) { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect()
            db.subscribe("t")
            db.setRoom(0)
            let text = String(repeating: "x", count: 100)
            for _ in 0..<20 { plc.publish("t", text) }
            // Ten packets of 106 bytes are over the limit.
            #expect(congested(scene) == 10)
            for id in 1...20 as ClosedRange<UInt16> {
                plc.publishWhole("t", text, id: PacketID(id))
            }
            #expect(scene.engine.broker.status.queued == 20)
            #expect(congested(scene) == 10)

            db.setRoom(400)
            #expect(scene.engine.broker.status.queued == 20)
            db.setRoom(nil)
            let received = db.received()
            #expect(received.count == 30)
            #expect(
                received.suffix(20)
                    == (1...20).map {
                        Packet.publish("t", text, qos: 2, id: PacketID($0))
                    }[...])
            #expect(scene.engine.broker.status.queued == 0)
        }
    }

    private var narrow: Limits {
        var limits = Limits()
        limits.outputBytesMax = 100_000
        limits.outputMemoryMax = 4_000_000
        return limits
    }

    private func waiting(for client: Client, in scene: Scene) -> Int {
        scene.engine.performer.outlets[client.connection!.index].output.pendingBytes
    }

    /// Fifty who subscribe to `t` and never read.
    private func stopped(in scene: Scene) -> [Client] {
        (0..<50).map { number in
            let client = scene.client("stopped\(number)")
            client.connect()
            client.subscribe("t")
            client.setRoom(0)
            return client
        }
    }

    /// Many who never read come to rest together, below what all outputs may hold; who reads has all of
    /// its messages meanwhile, and when they have gone each may be as slow as before.
    @Test func allOutputsTogetherAreBounded() {
        scene(narrow) { scene in
            let plc = scene.client("plc")
            plc.connect()
            let clients = stopped(in: scene)
            let reader = scene.client("reader")
            reader.connect()
            reader.subscribe("t")
            let text = String(repeating: "x", count: 1000)
            for _ in 0..<200 { plc.publish("t", text) }
            #expect(reader.received().count == 200)
            let bytes = clients.map { waiting(for: $0, in: scene) }
            #expect(Set(bytes).count == 1)
            #expect(1_000_000..<3_000_000 ~= bytes.reduce(0, +))
            let taken = scene.engine.performer.share.taken
            #expect(bytes.reduce(0, +)..<4_000_000 ~= taken)

            for client in clients { client.lose() }
            #expect(scene.engine.performer.share.taken == 0)
            reader.setRoom(0)
            for _ in 0..<200 { plc.publish("t", text) }
            #expect(90_000...101_000 ~= waiting(for: reader, in: scene))
            reader.setRoom(nil)
            #expect(scene.engine.performer.share.taken == 0)
        }
    }

    /// Who had too much is served again when half of the part that it may have by now has left; and who
    /// sends without reading is not read from at twice that part.
    @Test func whatIsTooMuchFollowsWhatIsLeft() {
        scene(narrow) { scene in
            let plc = scene.client("plc")
            plc.connect()
            let slow = scene.client("slow")
            slow.connect()
            slow.subscribe("t")
            slow.setRoom(0)
            let clients = stopped(in: scene)
            let text = String(repeating: "x", count: 1000)
            for _ in 0..<200 { plc.publish("t", text) }
            let part = scene.engine.performer.share.bytes
            #expect(OutputShare.least..<60_000 ~= part)
            let full = waiting(for: slow, in: scene)
            slow.setRoom(full - part / 2 - 2000)
            let still = waiting(for: slow, in: scene)
            #expect(part / 2..<full ~= still)
            plc.publish("t", text)
            #expect(waiting(for: slow, in: scene) == still)
            slow.setRoom(4000)
            let left = waiting(for: slow, in: scene)
            #expect(left <= scene.engine.performer.share.bytes / 2)
            plc.publish("t", text)
            #expect(waiting(for: slow, in: scene) > left)

            let flooded = 2 * scene.engine.performer.share.bytes
            clients[0].send((0..<100_000).flatMap { _ in Wire.ping() })
            #expect(waiting(for: clients[0], in: scene) <= flooded + 2)
            #expect(flooded < 150_000)
        }
    }

    /// What others have left decides what one may have, and the limits that are in force.
    @Test func whatIsLeftIsShared() {
        var limits = Limits()
        limits.outputBytesMax = 100_000
        var share = OutputShare(limits)
        #expect(share.bytes == 100_000)
        var counts = [share.count(300_000, at: 7), share.count(16_383, at: 2)]
        share.settle(each: 100_000, all: 400_000)
        #expect(share.bytes == 25_000)
        share.settle(each: 200_000, all: 400_000)
        #expect(share.bytes == 50_000)
        counts.append(share.count(16_384, at: 2))
        #expect(share.taken == 316_384)
        share.settle(each: 100_000, all: 300_000)
        #expect(share.bytes == 16_384)
        share.settle(each: 1000, all: 0)
        #expect(share.bytes == 1000)
        counts.append(share.count(0, at: 7))
        share.settle(each: 100_000, all: 32_768)
        #expect(share.bytes == 50_000)
        counts.append(share.count(100, at: 2))
        share.settle(each: 100_000, all: 32_768)
        #expect(share.bytes == 100_000)
        #expect(counts == [true, false, true, false, false])
    }

    @Test func repeatsWaitForASlowReaderToo() {
        scene(limits) { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("t")
            let text = String(repeating: "x", count: 300)
            for id in 1...12 as ClosedRange<UInt16> {
                plc.publishWhole("t", text, id: PacketID(id))
            }
            #expect(db.received().count == 12)
            db.lose()
            db.open()
            db.setRoom(0)
            var connect = ConnectEncoder(.v5, clientID: ClientID("db"), cleanStart: false)
            connect.sessionExpiry = 3600
            db.send(connect.encoded())
            #expect(
                scene.engine.performer.outlets[db.connection!.index].output.pendingBytes < 64 * 310)
            db.setRoom(nil)
            let received = db.received()
            #expect(received.count == 13)
            #expect(
                received.dropFirst()
                    == (1...12).map {
                        Packet.publish("t", text, qos: 2, id: PacketID($0), dup: true)
                    }[...])
        }
    }

    /// Who sends and never reads is not read from either: its answers are bounded.
    @Test func aPeerThatNeverReadsFillsNoMemory() {
        scene(limits) { scene in
            let plc = scene.client("plc")
            plc.connect()
            plc.setRoom(0)
            let pings = (0..<1000).flatMap { _ in Wire.ping() }
            for _ in 0..<10 { plc.send(pings) }
            #expect(
                scene.engine.performer.outlets[plc.connection!.index].output.pendingBytes <= 2002)
            plc.setRoom(nil)
            #expect(plc.received().count == 10_000)
            #expect(plc.ping() == [.pingresp])
        }
    }

    /// The end of a connection does not wait for a peer that never reads.
    @Test func theEndComesWhetherThePeerReadsOrNot() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect(keepAlive: 10)
            plc.setRoom(0)
            _ = plc.ping()
            scene.pass(.seconds(15))
            #expect(scene.links[plc.connection!]?.isFinishing == true)
        }
    }
}
