// SPDX-License-Identifier: Apache-2.0
// Shared subscriptions: one member takes each message, in turn, and what a member leaves behind is
// taken by others. [MQTT-4.8.2]
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct SharedSubscriptionTests {
    private func members(
        _ scene: Scene, _ count: Int, of filter: String = "$share/g/t", qos: Int = 1,
        _ version: ProtocolVersion = .v5
    ) -> [Client] {
        (0..<count).map { number in
            let member = scene.client("member\(number)", version)
            member.resume()
            #expect(member.subscribe(filter, qos: qos) == [.suback([ReasonCode(UInt8(qos))])])
            return member
        }
    }

    private func publisher(_ scene: Scene, _ version: ProtocolVersion = .v5) -> Client {
        let plc = scene.client("plc", version)
        plc.connect()
        return plc
    }

    private func payloads(_ packets: [Packet]) -> [String] {
        packets.compactMap { packet in
            guard case .message(let arrival) = packet else { return nil }
            return arrival.payload
        }
    }

    @Test func eachMessageGoesToOneMemberInTurn() {
        for version in versions {
            for qos in 0...2 {
                scene { scene in
                    let all = members(scene, 3, qos: qos, version)
                    let plc = publisher(scene)
                    for number in 1...9 {
                        switch qos {
                        case 0: plc.publish("t", "\(number)")
                        case 1: plc.publish("t", "\(number)", qos: 1, id: 1)
                        default: plc.publishWhole("t", "\(number)", id: 1)
                        }
                    }
                    #expect(payloads(all[0].received()) == ["1", "4", "7"])
                    #expect(payloads(all[1].received()) == ["2", "5", "8"])
                    #expect(payloads(all[2].received()) == ["3", "6", "9"])
                }
            }
        }
    }

    /// A turn belongs to the share, not to a topic: else every new topic began with the first.
    @Test func theTurnGoesOnFromTopicToTopic() {
        scene { scene in
            let all = members(scene, 2, of: "$share/g/+", qos: 0)
            let plc = publisher(scene)
            for number in 1...6 { plc.publish("t\(number)", "\(number)") }
            #expect(payloads(all[0].received()) == ["1", "3", "5"])
            #expect(payloads(all[1].received()) == ["2", "4", "6"])
        }
    }

    @Test func sharesAndPlainSubscriptionsEachGetTheirs() {
        scene { scene in
            let both = scene.client("both")
            both.connect()
            both.subscribe("$share/one/t", qos: 1, identifier: 11)
            both.subscribe("$share/two/#", qos: 1, identifier: 12)
            both.subscribe("t", qos: 1, identifier: 13)
            publisher(scene).publish("t", "x", qos: 1, id: 1)
            #expect(
                both.received() == [
                    .publish("t", "x", qos: 1, id: 1, identifiers: [13]),
                    .publish("t", "x", qos: 1, id: 2, identifiers: [12]),
                    .publish("t", "x", qos: 1, id: 3, identifiers: [11]),
                ])
        }
    }

    /// [MQTT-4.8.2-3]
    @Test func aMemberGetsItAtTheQoSThatItWasGranted() {
        scene { scene in
            let high = scene.client("high")
            let low = scene.client("low")
            high.connect()
            low.connect()
            high.subscribe("$share/g/t", qos: 2)
            low.subscribe("$share/g/t", qos: 0)
            let plc = publisher(scene)
            plc.publishWhole("t", "1", id: 1)
            plc.publishWhole("t", "2", id: 1)
            #expect(high.received() == [.publish("t", "1", qos: 2, id: 1)])
            #expect(low.received() == [.publish("t", "2")])
        }
    }

    /// 3.3.1.3: retained messages are for subscriptions that are not shared.
    @Test func noRetainedMessagesWelcomeAMember() {
        scene { scene in
            publisher(scene).publish("t", "kept", retain: true)
            let member = scene.client("member")
            member.connect()
            #expect(member.subscribe("$share/g/t") == [.suback([.grantedQoS2])])
        }
    }

    @Test func aMemberThatIsAwayIsPassedOver() {
        scene { scene in
            let all = members(scene, 2)
            all[0].lose()
            let plc = publisher(scene)
            for number in 1...4 { plc.publish("t", "\(number)", qos: 1, id: 1) }
            #expect(payloads(all[1].received()) == ["1", "2", "3", "4"])
            all[1].lose()
            for number in 5...6 { plc.publish("t", "\(number)", qos: 1, id: 1) }
            #expect(scene.engine.broker.status.queued == 2)
        }
    }

    @Test func aMemberWithoutRoomIsPassedOver() {
        scene { scene in
            let all = members(scene, 2, qos: 2)
            let slow = all[0]
            slow.lose()
            slow.resume(window: 1)
            let plc = publisher(scene)
            for number in 1...5 { plc.publishWhole("t", "\(number)", id: 1) }
            #expect(payloads(slow.received()) == ["1"])
            #expect(payloads(all[1].received()) == ["2", "3", "4", "5"])
        }
    }

    /// [MQTT-3.1.2-25]
    @Test func whatIsTooLargeForOneGoesToAnother() {
        scene { scene in
            let small = scene.client("small")
            let large = scene.client("large")
            small.connect(packetSizeMax: 40)
            large.connect()
            small.subscribe("$share/g/t", qos: 1)
            large.subscribe("$share/g/t", qos: 1)
            let text = String(repeating: "x", count: 100)
            let plc = publisher(scene)
            plc.publish("t", text, qos: 1, id: 1)
            plc.publish("t", text, qos: 1, id: 1)
            #expect(payloads(large.received()) == [text, text])
            #expect(small.received() == [])
        }
    }

    /// 4.8.2: QoS 1 that was not acknowledged, and all that was not begun, goes to others.
    @Test func whatAMemberLeavesBehindGoesToOthers() {
        scene { scene in
            let leaver = scene.client("leaver")
            leaver.connect(window: 1)
            leaver.subscribe("$share/g/t", qos: 1)
            let plc = publisher(scene)
            for number in 1...3 { plc.publish("t", "\(number)", qos: 1, id: 1) }
            #expect(payloads(leaver.received()) == ["1"])
            let heir = scene.client("heir")
            heir.connect()
            heir.subscribe("$share/g/t", qos: 1)
            leaver.lose()
            #expect(
                heir.received()
                    == (1...3).map {
                        .publish("t", "\($0)", qos: 1, id: PacketID($0))
                    })
            #expect(dropped(scene, .sessionEnded) == 0)
        }
    }

    /// The journal had the message for another session, which is through with it: what the heir
    /// gets is told anew.
    @Test func aDurableHeirOfAPassingMemberFindsItAfterACrash() throws {
        try scene { scene in
            let db = scene.client("db")
            db.resume()
            db.subscribe("t", qos: 1)
            let leaver = scene.client("leaver")
            leaver.connect()
            leaver.subscribe("$share/g/t", qos: 1)
            publisher(scene).publish("t", "1", qos: 1, id: 1)
            #expect(payloads(leaver.received()) == ["1"])
            #expect(payloads(db.received()) == ["1"])
            db.puback(1)
            let heir = scene.client("heir")
            heir.resume()
            heir.subscribe("$share/g/t", qos: 1)
            leaver.lose()
            #expect(payloads(heir.received()) == ["1"])
            try scene.crash()
            #expect(
                heir.resume() == [
                    .connack(present: true), .publish("t", "1", qos: 1, id: 1, dup: true),
                ])
        }
    }

    /// [MQTT-4.8.2-5]
    @Test func begunQoS2GoesToNobodyElse() {
        scene { scene in
            let leaver = scene.client("leaver")
            leaver.connect(window: 1)
            leaver.subscribe("$share/g/t", qos: 2)
            let plc = publisher(scene)
            plc.publishWhole("t", "begun", id: 1)
            plc.publishWhole("t", "waiting", id: 1)
            let heir = scene.client("heir")
            heir.connect()
            heir.subscribe("$share/g/t", qos: 2)
            leaver.lose()
            #expect(heir.received() == [.publish("t", "waiting", qos: 2, id: 1)])
            #expect(dropped(scene, .sessionEnded) == 1)
        }
    }

    /// [MQTT-4.8.2-4]
    @Test func begunQoS2IsFinishedWithItsMember() throws {
        try scene { scene in
            let all = members(scene, 2, qos: 2)
            let plc = publisher(scene)
            plc.publishWhole("t", "1", id: 1)
            #expect(payloads(all[0].received()) == ["1"])
            try scene.crash()
            all[1].resume()
            #expect(all[1].received() == [])
            all[0].resume()
            #expect(all[0].pubrec(1) == [.pubrel(1)])
            #expect(all[0].pubcomp(1) == [])
        }
    }

    /// [MQTT-4.8.2-6]
    @Test func whatAMemberRefusesIsGone() {
        scene { scene in
            let all = members(scene, 2, qos: 2)
            publisher(scene).publishWhole("t", "1", id: 1)
            #expect(payloads(all[0].received()) == ["1"])
            #expect(all[0].pubrec(1, .unspecifiedError) == [])
            #expect(all[1].received() == [])
            #expect(dropped(scene, .refused) == 1)
        }
    }

    /// What was chosen from a share is known to be so after a crash: its heirs are the same.
    @Test func sharesSurviveACrash() throws {
        try scene { scene in
            let leaver = scene.client("leaver")
            leaver.resume(window: 1)
            leaver.subscribe("$share/g/t", qos: 1)
            let plc = publisher(scene)
            for number in 1...2 { plc.publish("t", "\(number)", qos: 1, id: 1) }
            let heir = scene.client("heir")
            heir.resume()
            heir.subscribe("$share/g/t", qos: 1)
            try scene.crash()
            heir.resume()
            leaver.connect(clean: true)
            #expect(payloads(heir.received()) == ["1", "2"])
        }
    }

    @Test func whoUnsubscribesGetsNoMore() {
        scene { scene in
            let all = members(scene, 2)
            #expect(all[0].unsubscribe("t") == [.unsuback([.noSubscriptionExisted])])
            #expect(all[0].unsubscribe("$share/g/t") == [.unsuback([.success])])
            let plc = publisher(scene)
            for number in 1...2 { plc.publish("t", "\(number)", qos: 1, id: 1) }
            #expect(payloads(all[1].received()) == ["1", "2"])
            #expect(all[1].unsubscribe("$share/g/t") == [.unsuback([.success])])
            plc.publish("t", "3", qos: 1, id: 1)
            #expect(scene.engine.broker.status.subscriptions == 0)
            #expect(all[1].received() == [])
        }
    }

    /// [MQTT-4.8.2-1], [MQTT-4.8.2-2], [MQTT-3.8.3-4]
    @Test func wrongSharesAreRefused() {
        for version in versions {
            let refusal: ReasonCode = version == .v5 ? .topicFilterInvalid : .unspecifiedError
            scene { scene in
                let client = scene.client("client", version)
                client.connect()
                for filter in ["$share//t", "$share/g", "$share/g/", "$share/a+/t", "$share/#/t"] {
                    #expect(client.subscribe(filter) == [.suback([refusal])], "\(filter)")
                }
            }
        }
        scene { scene in
            let client = scene.client("client")
            client.connect()
            #expect(
                client.subscribe("$share/g/t", noLocal: true) == farewell(.protocolError, .v5))
        }
    }

    /// Back-pressure asks all members: one with room is enough.
    @Test func aPublisherIsRefusedWhenNoMemberHasRoom() {
        var limits = Limits()
        limits.waitingMax = 1
        scene(limits) { scene in
            let all = members(scene, 2)
            all[0].lose()
            all[1].lose()
            let plc = publisher(scene)
            #expect(plc.publish("t", "1", qos: 1, id: 1) == [.puback(1)])
            #expect(plc.publish("t", "2", qos: 1, id: 1) == [.puback(1)])
            #expect(plc.publish("t", "3", qos: 1, id: 1) == [.puback(1, .quotaExceeded)])
            #expect(scene.engine.broker.status.queued == 2)
            all[1].resume()
            #expect(payloads(all[1].received()) == [])
        }
    }

    /// Clients come and go under names of their own: nothing of them stays.
    @Test func sharesWithoutMembersAreForgotten() {
        scene { scene in
            let client = scene.client("client")
            client.connect()
            for number in 0..<5000 {
                client.subscribe("$share/g\(number)/t")
                client.unsubscribe("$share/g\(number)/t")
            }
            #expect(scene.engine.broker.state.subscriptions.shared.known <= 1024)
        }
    }

    private func dropped(_ scene: Scene, _ reason: DropReason) -> UInt64 {
        scene.engine.broker.metrics.dropped[Int(reason.rawValue)]
    }
}
