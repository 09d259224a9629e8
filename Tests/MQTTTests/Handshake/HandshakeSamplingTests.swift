// SPDX-License-Identifier: Apache-2.0
// Whole handshakes or none, and the share told.
import Testing

@testable import MQTT

@Suite struct HandshakeSamplingTests {
    private func step(
        _ direction: HandshakeStep.Direction, _ packet: PacketKind, _ id: UInt16
    ) -> HandshakeStep {
        HandshakeStep(
            direction, packet, client: ClientID("plc"), id: PacketID(rawValue: id),
            qos: .exactlyOnce)
    }

    private func handshake(_ id: UInt16) -> [HandshakeStep] {
        [
            step(.sent, .publish, id), step(.received, .pubrec, id), step(.sent, .pubrel, id),
            step(.received, .pubcomp, id),
        ]
    }

    private func at(_ seconds: Int64) -> Instant {
        Instant(nanoseconds: seconds * 1_000_000_000)
    }

    @Test func everythingIsShownUpToTheRate() {
        var sampling = HandshakeSampling()
        for second in 0..<30 as Range<Int64> {
            for id in 1...50 as ClosedRange<UInt16> {
                let shown = handshake(id).map { sampling.shows($0, at: at(second)) }
                #expect(shown == [true, true, true, true])
            }
            let share = sampling.takeShare(at: at(second))
            #expect(share == nil)
        }
    }

    @Test func aboveTheRateWholeHandshakesAreLeftOut() {
        var sampling = HandshakeSampling()
        var shown = 0
        for second in 0..<10 as Range<Int64> {
            // All begin before any ends.
            let steps = (1...1000 as ClosedRange<UInt16>).map(handshake)
            var marks = [[Bool]](repeating: [], count: steps.count)
            for number in 0..<4 {
                for (index, steps) in steps.enumerated() {
                    marks[index].append(sampling.shows(steps[number], at: at(second)))
                }
            }
            for marks in marks {
                #expect(Set(marks).count == 1, "half a handshake")
                shown += marks[0] ? 1 : 0
            }
        }
        #expect(shown == 500)
        let share = sampling.takeShare(at: at(10))
        #expect(share == .init(seen: 10_000, shown: 500, seconds: 10))
        #expect(share?.text == "1000 handshakes/s, 500 of 10000 shown")
        let next = sampling.takeShare(at: at(20))
        #expect(next == nil)
    }

    /// What the sampling says of these steps, one after the other.
    private func shows(_ steps: HandshakeStep...) -> [Bool] {
        var sampling = HandshakeSampling()
        return steps.map { sampling.shows($0, at: at(0)) }
    }

    @Test func bothDirectionsMayUseOneIdentifier() {
        let shown = shows(
            step(.sent, .publish, 7), step(.received, .pubrel, 7), step(.received, .publish, 7),
            step(.sent, .pubrec, 7), step(.received, .pubrec, 7))
        #expect(shown == [true, false, true, true, true])
    }

    @Test func aRefusalIsTheLastStep() {
        var refusal = step(.received, .pubrec, 7)
        refusal.outcome = .refused(.quotaExceeded)
        let shown = shows(step(.sent, .publish, 7), refusal, step(.received, .pubcomp, 7))
        #expect(shown == [true, true, false])
    }
}
