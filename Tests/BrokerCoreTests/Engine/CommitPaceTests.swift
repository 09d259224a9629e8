// SPDX-License-Identifier: Apache-2.0
// How few syncs are enough: a batch waits for the answers to what the last one let out, and facts
// that nobody waits for ride along. Neither waits for long.
import Journal
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct CommitPaceTests {
    private struct Pair {
        let scene = Scene()
        let plc: Client
        let db: Client

        /// Both sessions are durable, the disk is late from here on, and nothing is staged.
        init() {
            plc = scene.client("plc")
            db = scene.client("db")
            plc.resume()
            db.resume()
            db.subscribe("t")
            scene.home.isLate = true
            scene.engine.commitPatience.forAnswers = .microseconds(100)
            scene.engine.commitPatience.forNeed = .milliseconds(20)
        }

        var syncs: Int { scene.home.batches.count }

        /// The disk has answered, and the turn that hears of it ends.
        func commit() {
            scene.commit()
            scene.settle()
        }
    }

    /// A sync that the loop waits for itself would stop them for nothing.
    @Test func whoeverWaitsForNoDiskIsKnown() {
        let scene = Scene()
        #expect(scene.allWaitForDisk)
        let plc = scene.client("plc")
        plc.resume()
        #expect(scene.allWaitForDisk)
        let view = scene.client("view")
        view.connect()
        #expect(!scene.allWaitForDisk)
        view.disconnect()
        #expect(scene.allWaitForDisk)
        // One that has not said yet what it is.
        let silent = scene.open()
        #expect(!scene.allWaitForDisk)
        scene.lose(silent)
        #expect(scene.allWaitForDisk)
        plc.lose()
        #expect(scene.allWaitForDisk)
        plc.resume()
        plc.connect(clean: true)
        #expect(!scene.allWaitForDisk, "the one that took over")
    }

    /// The four answers of a message come in pairs, one of each hop, and each pair is one batch.
    @Test func aMessageOfAChainCostsTwoSyncs() {
        let pair = Pair()
        let (plc, db) = (pair.plc, pair.db)
        plc.publish("t", "1", qos: 2, id: 1)
        pair.commit()
        plc.pubrel(1)
        pair.commit()
        let before = pair.syncs
        for (last, number) in [(1, 2), (2, 3), (3, 4), (4, 5)] as [(PacketID, PacketID)] {
            #expect(plc.received() == [.pubcomp(last)])
            #expect(db.received().count == 1)
            #expect(plc.publish("t", "\(number)", qos: 2, id: number) == [])
            #expect(db.pubrec(last) == [])
            pair.commit()
            #expect(plc.received() == [.pubrec(number)] && db.received() == [.pubrel(last)])
            #expect(db.pubcomp(last) == [])
            #expect(plc.pubrel(number) == [])
            pair.commit()
        }
        #expect(pair.syncs - before == 8)
    }

    /// Who does not answer is waited for only so long, and not twice.
    @Test(arguments: [false, true]) func aSilentPeerDelaysOthersLittle(isGone: Bool) {
        let pair = Pair()
        pair.plc.publish("t", "1", qos: 2, id: 1)
        pair.commit()
        pair.plc.pubrel(1)
        pair.commit()
        let before = pair.syncs
        pair.plc.publish("t", "2", qos: 2, id: 2)
        #expect(pair.syncs == before)
        if isGone {
            pair.db.lose()
        } else {
            pair.scene.pass(.microseconds(99))
            #expect(pair.syncs == before)
            pair.scene.pass(.microseconds(1))
        }
        #expect(pair.syncs == before + 1)
        pair.commit()
        #expect(pair.plc.received() == [.pubrec(2)])
        pair.plc.pubrel(2)
        #expect(pair.syncs == before + 2)
    }

    /// That a message is complete is of use to the next start only.
    @Test func whatNobodyWaitsForGoesAfterAWhile() {
        let pair = Pair()
        pair.plc.publish("t", "1", qos: 2, id: 1)
        pair.commit()
        pair.plc.pubrel(1)
        pair.commit()
        pair.db.pubrec(1)
        pair.scene.pass(.microseconds(100))
        pair.commit()
        let before = pair.syncs
        #expect(pair.db.received() == [.pubrel(1)])
        pair.db.pubcomp(1)
        pair.scene.pass(.milliseconds(19))
        let isSettled = pair.scene.engine.isSettled
        #expect(pair.syncs == before && !isSettled)
        pair.scene.pass(.milliseconds(1))
        #expect(pair.syncs == before + 1)
        pair.commit()
        let isSettledNow = pair.scene.engine.isSettled
        #expect(isSettledNow)
    }

    /// The next answer that waits for a fact takes the others along.
    @Test func aNeedEndsTheWait() {
        let pair = Pair()
        pair.plc.publish("t", "1", qos: 2, id: 1)
        pair.commit()
        pair.plc.pubrel(1)
        pair.commit()
        pair.db.pubrec(1)
        pair.scene.pass(.microseconds(100))
        pair.commit()
        pair.db.pubcomp(1)
        let before = pair.syncs
        pair.plc.publish("t", "2", qos: 2, id: 2)
        #expect(pair.syncs == before + 1)
        pair.commit()
        #expect(pair.plc.received() == [.pubrec(2)])
    }

    /// Nor is one who says nothing awaited again and again.
    @Test func aSilentPeerIsNotAwaitedTwice() {
        let pair = Pair()
        pair.plc.publish("t", "1", qos: 2, id: 1)
        pair.commit()
        pair.plc.pubrel(1)
        pair.commit()
        pair.plc.publish("t", "2", qos: 2, id: 2)
        pair.scene.pass(.microseconds(100))
        pair.commit()
        pair.plc.pubrel(2)
        pair.commit()
        #expect(pair.db.received().count == 2)
        let before = pair.syncs
        pair.plc.publish("t", "3", qos: 2, id: 3)
        #expect(pair.syncs == before + 1)
    }

    /// Publisher and receivers have been let speak, `others` more of them than a pair has.
    private func crowd(_ others: Int) -> (pair: Pair, others: [Client]) {
        let pair = Pair()
        let clients = (0..<others).map { pair.scene.client("other\($0)") }
        pair.scene.home.isLate = false
        for client in clients {
            client.resume()
            client.subscribe("t")
        }
        pair.scene.home.isLate = true
        pair.plc.publish("t", "1", qos: 2, id: 1)
        pair.commit()
        pair.plc.pubrel(1)
        pair.commit()
        return (pair, clients)
    }

    /// A batch that is worth its sync waits until as many are silent as have spoken, or one more.
    @Test(arguments: [(others: 0, answers: 0), (3, 1), (4, 2), (5, 2)])
    func aBatchThatIsNotSmallWaitsForHalf(others: Int, answers: Int) {
        let (pair, clients) = crowd(others)
        let before = pair.syncs
        pair.plc.publish("t", Self.text(CommitPace.smallBytes), qos: 2, id: 2)
        for client in clients.prefix(answers) {
            #expect(pair.syncs == before)
            client.pubrec(1)
        }
        #expect(pair.syncs == before + 1)
    }

    @Test func aFullBatchWaitsForNobody() {
        let (pair, _) = crowd(4)
        let before = pair.syncs
        pair.plc.publish("t", Self.text(CommitPace.fullBytes), qos: 2, id: 2)
        #expect(pair.syncs == before + 1)
    }

    private static func text(_ count: Int) -> String { String(repeating: "x", count: count) }

    /// Memory does not grow with the time that a disk takes: who publishes waits for it.
    @Test func aSlowDiskMakesPublishersWait() {
        let pair = Pair()
        let (scene, plc) = (pair.scene, pair.plc)
        var isPaused: Bool { scene.links[plc.connection!]!.isPaused }
        scene.engine.pace.largeBytes = 10_000
        let text = String(repeating: "x", count: 1000)
        for id in 1...40 as ClosedRange<UInt16> {
            plc.publish("t", text, qos: 1, id: PacketID(id))
        }
        let staged = scene.engine.performer.journal.bytesStaged
        #expect(staged >= 10_000 && staged < 12_500)
        #expect(isPaused)
        var answered: [Packet] = []
        for _ in 0..<10 {
            scene.pass(.microseconds(100))
            pair.commit()
            answered += plc.received()
        }
        #expect(answered == (1...40).map { .puback(PacketID($0)) })
        #expect(!isPaused)
    }
}

extension Scene {
    fileprivate var allWaitForDisk: Bool { engine.allWaitForDisk }
}
