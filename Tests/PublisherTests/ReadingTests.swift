// SPDX-License-Identifier: Apache-2.0
//
// The text of a payload, byte for byte, and the simulated PLC.
import ClientCore
import MQTT
import Testing

@testable import plc_publisher

@Suite struct ReadingTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func aPayloadIsWrittenAsThePlantReadsIt() {
        let reading = Reading(
            ts: "2026-11-23T18:40:00.123Z", temperature: "24.71", pressure: "1.42")
        #expect(
            text(reading.payload(stream: "plc-line1", seq: 1042)) == """
                {"stream":"plc-line1","seq":1042,"ts":"2026-11-23T18:40:00.123Z",\
                "temperature":24.71,"pressure":1.42}
                """)
    }

    @Test func furtherFieldsFollowAndTextIsEscaped() {
        let reading = Reading(
            ts: "t", temperature: "1", pressure: "2",
            further: [
                .init(name: "a\"b", json: JSON.value("x\\y\u{1}\n")),
                .init(name: "n", json: JSON.value("-0.50")),
            ])
        #expect(
            text(reading.payload(stream: "ü\t", seq: 1)) == #"""
                {"stream":"ü\t","seq":1,"ts":"t","temperature":1,"pressure":2,\#
                "a\"b":"x\\y\u0001\n","n":-0.50}
                """#)
    }

    @Test func theMessageNamesItself() {
        let reading = Reading(ts: "t", temperature: "1", pressure: "2")
        let now = Instant(nanoseconds: 77)
        let message = reading.message(
            topic: "sensor/data", stream: "plc-line1", seq: 7, at: now)
        #expect(message.enqueuedAt == now)
        #expect(message.qos == .exactlyOnce)
        #expect(message.label == "plc-line1/7")
        #expect(text(message.topic) == "sensor/data")
        let properties = text(message.properties)
        #expect(properties.contains("stream") && properties.contains("plc-line1"))
        #expect(properties.contains("seq") && properties.hasSuffix("7"))
    }

    @Test func whatJSONCallsANumber() {
        let numbers = ["0", "-0", "1", "10", "-1.50", "0.0", "1e5", "1E+5", "2.5e-10", "123456789"]
        for text in numbers { #expect(JSON.isNumber(text) && JSON.value(text) == text, "\(text)") }
        let others = [
            "", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x1", "NaN", " 1", "1 ", "1,5",
            "١",
        ]
        for text in others {
            #expect(!JSON.isNumber(text), "\(text)")
            #expect(JSON.value(text).hasPrefix("\""), "\(text)")
        }
    }

    @Test func instantsAsText() {
        let cases: [(Int64, String)] = [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"),
            (1_795_459_200_123_456_789, "2026-11-23T18:40:00.123Z"),
            (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000Z"),
        ]
        for (nanoseconds, text) in cases {
            #expect(Timestamp.text(Instant(nanoseconds: nanoseconds)) == text)
        }
    }
}

@Suite struct SimulatorTests {
    private let start = Instant(nanoseconds: 0)

    private func readings(seed: UInt64, _ count: Int = 1_000) -> [Reading] {
        var simulator = Simulator(
            temperature: Bounds(-1_00...1_00), pressure: Bounds(1_00...2_00), seed: seed)
        return (0..<count).map { _ in simulator.read(at: start) }
    }

    @Test func valuesStayWithinTheirBoundsAndReachThem() throws {
        let readings = readings(seed: 1, 5_000)
        let temperatures = try readings.map { try #require(Double($0.temperature)) }
        let pressures = try readings.map { try #require(Double($0.pressure)) }
        #expect(temperatures.min() == -1 && temperatures.max() == 1)
        #expect(pressures.min() == 1 && pressures.max() == 2)
        for reading in readings {
            #expect(JSON.isNumber(reading.temperature) && JSON.isNumber(reading.pressure))
            #expect(reading.pressure.count == 4)
        }
        #expect(readings.contains { $0.temperature == "-0.05" }, "the sign of small numbers")
    }

    /// A process that begins with reading 400 gives it the values that another would have.
    @Test func theSeedAndTheNumberAreTheReading() throws {
        var configuration = Configuration()
        configuration.seed = 7
        var whole = Source.simulated(configuration, count: nil)
        var values: [Reading] = []
        for _ in 1...420 { values.append(try #require(try whole.next(at: start))) }
        var late = Source.simulated(configuration, count: 21, from: 400)
        for expected in values[399...] { #expect(try late.next(at: start) == expected) }
        #expect(try late.next(at: start) == nil && late.remaining == 0)
    }

    @Test func theSeedRepeats() {
        #expect(readings(seed: 7) == readings(seed: 7))
        #expect(readings(seed: 7) != readings(seed: 8))
    }
}
