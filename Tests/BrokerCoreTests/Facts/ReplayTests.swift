// SPDX-License-Identifier: Apache-2.0
// Replay tells the same story as life did: after thousands of random operations the durable part of
// the living state and the replayed journal are one text, and no message is held by nobody.
import Journal
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct ReplayTests {
    private func limits(_ seed: UInt64) -> Limits {
        var limits = Limits()
        limits.inFlightMax = 4
        limits.waitingMax = 6
        limits.overflow = [.refuse, .dropOldest, .dropNewest][Int(seed % 3)]
        if seed.isMultiple(of: 2) { limits.searchSteps = 2 }
        return limits
    }

    @Test func replayAgreesAfterEverything() {
        for seed in 0..<6 as Range<UInt64> {
            let scene = Scene(limits(seed))
            var workload = Workload(scene, seed: seed)
            for step in 1...400 {
                workload.step()
                if step.isMultiple(of: 50) { scene.expectSound() }
            }
            #expect(scene.engine.performer.journal.recordsAppended > 200)
            scene.expectEnd()
        }
    }

    @Test func lifeGoesOnFromWhatWasReplayed() throws {
        for seed in 100..<106 as Range<UInt64> {
            let scene = Scene(limits(seed))
            var workload = Workload(scene, seed: seed)
            for step in 1...300 {
                scene.home.isLate = step.isMultiple(of: 3)
                workload.step()
                if step.isMultiple(of: 2) { scene.commitAll() }
                if step.isMultiple(of: 40) {
                    try scene.crash()
                    scene.expectSound()
                }
            }
            scene.commitAll()
            scene.expectSound()
            scene.expectEnd()
        }
    }

    /// The text that is compared says something.
    @Test func theDescriptionNamesEverythingThatIsDurable() {
        scene { scene in
            let will = WillEncoder(
                topic: "w", payload: [1], qos: .atLeastOnce, delay: 5, messageExpiry: 9)
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.resume(expiry: 60, will: will)
            db.resume(expiry: 70, window: 2)
            db.subscribe("t/#", qos: 2, identifier: 9)
            for id in 1...3 as ClosedRange<UInt16> {
                plc.publishWhole("t/1", "x", id: PacketID(id))
            }
            db.pubrec(1)
            plc.publish("t/2", "y", qos: 2, id: 8, expiry: 100)
            plc.publish("r", "kept", qos: 1, id: 9, retain: true)
            plc.lose()
            let content = #/content [0-9a-f]+/#
            let text = scene.engine.broker.state.durableDescription()
                .replacing(content, with: "content")
            #expect(
                text == """
                    retained r message=6
                    session db outbound 000000 id=1 released message=2 qos=2 identifiers=[9]
                    session db outbound 000001 id=2 published2 message=3 qos=2 identifiers=[9]
                    session db place=1 expiry=70 connections=1
                    session db subscribed t/# options=2 identifier=9
                    session db waiting 000000 message=4 qos=2 identifiers=[9]
                    session plc inbound 8 message=5
                    session plc place=0 expiry=60 connections=1 closed=1700000000000000000
                    session plc will message=1 delay=5 expiry=9
                    message 1 place=0 qos=1 w 1 B, content
                    message 2 place=1 qos=2 t/1 1 B, content
                    message 3 place=2 qos=2 t/1 1 B, content
                    message 4 place=3 qos=2 t/1 1 B, content
                    message 5 place=4 qos=2 expires=1700000100000000000 t/2 1 B, content
                    message 6 place=5 qos=1 retain r 4 B, content
                    """)
        }
    }
}
