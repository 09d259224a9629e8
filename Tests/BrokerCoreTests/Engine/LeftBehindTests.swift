// SPDX-License-Identifier: Apache-2.0
// A session ends for which very many messages wait: others do not wait until all of them are released.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct LeftBehindTests {
    private static let count = 3 * State.releasedAtOnce

    /// A scene in which so many wait for `db`, who then comes and wants none of them.
    private func ended(_ body: (Scene) throws -> Void) rethrows {
        try scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            let db = scene.client("db")
            db.resume()
            db.subscribe("sensor/data")
            db.lose()
            for _ in 0..<Self.count { plc.publish("sensor/data", "20.5", qos: 1, id: 1) }
            #expect(scene.engine.broker.status.queued == Self.count)
            db.connect()
            let status = scene.engine.broker.status
            #expect(status.queued == 0)
            #expect(status.messages == 2 * State.releasedAtOnce)
            #expect(scene.deadlines[.leftBehind] == scene.now)
            try body(scene)
        }
    }

    @Test func itsMessagesAreReleasedInTheTurnsThatFollow() {
        ended { scene in
            scene.engine.deadlineReached(.leftBehind, at: scene.now)
            #expect(scene.engine.broker.status.messages == State.releasedAtOnce)
            #expect(scene.deadlines[.leftBehind] == scene.now)
            scene.pass(.zero)
            #expect(scene.engine.broker.status.messages == 0)
            #expect(scene.deadlines[.leftBehind] == nil)
        }
    }

    /// Replay has freed the places that the broker gives to others while it is not done yet.
    @Test func aCrashMeanwhileKeepsWhatCameBehindIt() throws {
        try ended { scene in
            let other = scene.client("other")
            other.resume()
            other.subscribe("other/data")
            other.lose()
            let plc = scene.client("plc2")
            plc.connect()
            for _ in 0..<100 { plc.publish("other/data", "20.5", qos: 1, id: 1) }
            try scene.crash()
            let status = scene.engine.broker.status
            #expect(status.messages == 100 && status.queued == 100)
        }
    }
}
