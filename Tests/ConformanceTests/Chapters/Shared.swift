// SPDX-License-Identifier: Apache-2.0
// 4.8.2, shared subscriptions: who of a group gets a message, and what becomes of it there.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Shared {}
}

extension Scene {
    /// A publisher, and members of one group.
    fileprivate func group(
        _ count: Int, qos: Int = 2, _ filter: String = "$share/g/t"
    ) -> (plc: Client, members: [Client]) {
        let plc = client("plc")
        plc.connect()
        let members = (0..<count).map { number in
            let member = client("member\(number)")
            member.resume()
            #expect(member.subscribe(filter, qos: qos) == [.suback([ReasonCode(UInt8(qos))])])
            return member
        }
        return (plc, members)
    }
}

extension Conformance.Shared {
    @Test func `[5.0 shared-subscriptions] each message goes to one member of each group`() throws {
        for qos in 0...2 {
            try conversation { scene in
                let (plc, members) = scene.group(3, qos: qos)
                let plain = scene.client("plain")
                let both = scene.client("both")
                plain.connect()
                both.connect()
                plain.subscribe("t", qos: 0)
                both.subscribe("$share/other/#", "$share/another/t", "t", qos: 0)
                for _ in 0..<30 { plc.publishWhole("t", "x", id: 1) }
                let counts = members.map { $0.received().count }
                #expect(counts.reduce(0, +) == 30)
                #expect(counts.allSatisfy { $0 > 0 })
                #expect(plain.received().count == 30)
                #expect(both.received().count == 90)
            }
        }
    }

    @Test func `[5.0 MQTT-3.3.4-5] of several copies each has its own subscription's identifier`()
        throws
    {
        try conversation { scene in
            let (plc, members) = scene.group(1)
            let both = members[0]
            both.subscribe("$share/g/t", qos: 0, identifier: 1)
            both.subscribe("$share/h/#", qos: 0, identifier: 2)
            both.subscribe("t", qos: 0, identifier: 3)
            both.subscribe("+", qos: 0, identifier: 4)
            plc.publish("t", "x")
            var found: Set<[UInt32]> = []
            for case .message(let arrival) in both.received() {
                found.insert(arrival.identifiers)
            }
            // Plain subscriptions share one copy.
            #expect(found == [[1], [2], [3, 4]])
        }
    }

    @Test func `[5.0 shared-subscriptions] retained messages welcome no member of a group`() throws
    {
        try conversation { scene in
            let (plc, members) = scene.group(1)
            plc.publish("u", "kept", retain: true)
            for handling in [RetainHandling.send, .sendIfNew, .doNotSend] {
                #expect(
                    members[0].subscribe("$share/g/u", retained: handling)
                        == [.suback([.grantedQoS2])])
            }
        }
    }

    @Test func `[5.0 shared-subscriptions] UNSUBSCRIBE leaves one group, by its whole filter`()
        throws
    {
        try conversation { scene in
            let (plc, members) = scene.group(2)
            #expect(members[0].unsubscribe("t") == [.unsuback([.noSubscriptionExisted])])
            #expect(members[0].unsubscribe("$share/h/t") == [.unsuback([.noSubscriptionExisted])])
            #expect(members[0].unsubscribe("$share/g/t") == [.unsuback([.success])])
            for _ in 0..<4 { plc.publish("t", "x") }
            #expect(members[0].received() == [])
            #expect(members[1].received().count == 4)
        }
    }

    @Test func `[5.0 MQTT-4.8.2-3] each member gets the QoS that it was granted`() throws {
        try conversation { scene in
            let (plc, members) = scene.group(3)
            for (qos, member) in members.enumerated() { member.subscribe("$share/g/t", qos: qos) }
            for _ in 0..<9 { plc.publishWhole("t", "x", id: 1) }
            for (qos, member) in members.enumerated() {
                let found = member.received()
                #expect(found.count == 3)
                for case .message(let arrival) in found { #expect(arrival.qos == qos) }
            }
        }
    }

    @Test func `[5.0 MQTT-4.8.2-4] begun QoS 2 waits for its member`() throws {
        try conversation { scene in
            let (plc, members) = scene.group(2)
            plc.publishWhole("t", "a", id: 1)
            plc.publishWhole("t", "b", id: 1)
            #expect(members[0].received() == [.publish("t", "a", qos: 2, id: 1)])
            #expect(members[1].received() == [.publish("t", "b", qos: 2, id: 1)])
            members[0].lose()
            #expect(members[1].ping() == [.pingresp])
            #expect(
                members[0].resume()
                    == [.connack(present: true), .publish("t", "a", qos: 2, id: 1, dup: true)])
            #expect(members[0].pubrec(1) == [.pubrel(1)])
            members[0].lose()
            #expect(members[0].resume() == [.connack(present: true), .pubrel(1)])
            #expect(members[0].pubcomp(1) == [])
            #expect(members[1].ping() == [.pingresp])
        }
    }

    @Test func `[5.0 MQTT-4.8.2-5] if its session ends before, nobody else gets it`() throws {
        for isReceived in [false, true] {
            try conversation { scene in
                let (plc, members) = scene.group(2)
                plc.publishWhole("t", "a", id: 1)
                #expect(members[0].received() == [.publish("t", "a", qos: 2, id: 1)])
                if isReceived { #expect(members[0].pubrec(1) == [.pubrel(1)]) }
                members[0].lose()
                #expect(members[0].connect(clean: true) == [.connack(present: false)])
                #expect(members[0].ping() == [.pingresp])
                #expect(members[1].ping() == [.pingresp])
            }
        }
    }

    @Test func `[5.0 MQTT-4.8.2-6] what a member refuses goes to nobody else`() throws {
        for qos in 1...2 {
            for reason in [ReasonCode.unspecifiedError, .notAuthorized, .quotaExceeded] {
                try conversation { scene in
                    let (plc, members) = scene.group(2, qos: qos)
                    plc.publishWhole("t", "a", id: 1)
                    #expect(members[0].received() == [.publish("t", "a", qos: qos, id: 1)])
                    let answer =
                        qos == 1 ? members[0].puback(1, reason) : members[0].pubrec(1, reason)
                    #expect(answer == [])
                    #expect(members[1].ping() == [.pingresp])
                    members[0].lose()
                    #expect(members[0].resume() == [.connack(present: true)])
                }
            }
        }
    }

    @Test func `[5.0 MQTT-3.1.2-25] what is too large for one member may go to another`() throws {
        try conversation { scene in
            let (plc, members) = scene.group(2)
            members[0].resume(packetSizeMax: 40)
            let text = String(repeating: "x", count: 100)
            for _ in 0..<2 { plc.publishWhole("t", text, id: 1) }
            #expect(members[0].received() == [])
            #expect(members[1].received().count == 2)
        }
    }
}
