// SPDX-License-Identifier: Apache-2.0
// Why a client is gone, as the log tells it.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct DepartureTests {
    @Test func aClientThatSaysSoHasDisconnected() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                for isKept in [false, true] {
                    if isKept { plc.resume() } else { plc.connect() }
                    plc.disconnect()
                    #expect(departures(scene) == [.disconnected])
                }
            }
        }
    }

    @Test func aSecondConnectionTakesOver() {
        for version in versions {
            scene { scene in
                let first = scene.client("plc", version)
                let second = scene.client("plc", version)
                first.resume()
                second.resume()
                #expect(departures(scene) == [.takenOver])
                second.disconnect()
                #expect(departures(scene) == [.disconnected])
            }
        }
    }

    @Test func aBrokerThatStopsSendsAllAway() {
        scene { scene in
            scene.client("plc").connect()
            scene.shutDown()
            #expect(departures(scene) == [.shutDown])
        }
    }

    @Test func whoBreaksARuleIsToldWhich() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            plc.send([0xD0, 0])  // PINGRESP is the server's.
            #expect(departures(scene) == [.violated("Protocol Error: packet is not due here")])
        }
    }

    private func departures(_ scene: Scene) -> [Departure] {
        scene.takeNotes().compactMap {
            if case .disconnected(_, let departure, _) = $0 { departure } else { nil }
        }
    }
}
