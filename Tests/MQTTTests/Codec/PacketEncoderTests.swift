// SPDX-License-Identifier: Apache-2.0
//
// What all encoders share: the size known before, and explanations that give way to a limit.

import MQTT
import Testing

@Suite struct PacketEncoderTests {
    @Test func theSizeIsKnownBefore() {
        var random = SplitMix64(seed: 6)
        for _ in 0..<500 {
            let encoders: [any PacketEncoder] = [
                random.connect(random.version()), random.connack(random.version()),
                random.acknowledgement(random.version(), from: .client),
                random.subscribe(random.version()), random.suback(random.version()),
                random.unsubscribe(random.version()), random.unsuback(random.version()),
                random.disconnect(from: .server), random.auth(from: .server),
            ]
            for encoder in encoders {
                let wire = written(encoder.encodedSize) { encoder.encode(into: &$0) }
                #expect(wire.count == encoder.encodedSize)
                #expect(wire == encoder.encoded())
            }
        }
    }

    /// [MQTT-3.4.2-2], [MQTT-3.4.2-3]
    @Test func explanationsGiveWayToALimit() {
        var puback = AcknowledgementEncoder(
            .v5, .puback, 1, .quotaExceeded, reasonString: "too much",
            userProperties: [.init("name", "value")])
        let whole = puback.encodedSize
        puback.fit(nil)
        puback.fit(UInt32(whole))
        #expect(puback.encodedSize == whole)
        puback.fit(UInt32(whole) - 1)
        #expect(puback.userProperties.isEmpty)
        #expect(puback.reasonString == "too much")
        puback.fit(5)
        #expect(puback.encoded() == [0x40, 3, 0, 1, 0x97])
    }

    /// [MQTT-3.1.2-29]
    @Test func explanationsAreLeftOutOnRequest() {
        var suback = SubackEncoder(.v5, 1, [.grantedQoS2])
        suback.reasonString = "granted"
        suback.userProperties = [.init("a", "b")]
        suback.removeProblemInformation()
        #expect(suback.encoded() == [0x90, 4, 0, 1, 0, 2])
    }
}
