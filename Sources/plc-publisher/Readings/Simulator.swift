// SPDX-License-Identifier: Apache-2.0
//
// The simulated PLC: temperature and pressure, uniform between their bounds, in hundredths. The same
// seed gives the same values; their time is the time at which they are asked for.
import ClientCore
import MQTT

/// Bounds of a quantity in hundredths of its unit.
struct Bounds: Equatable {
    var hundredths: ClosedRange<Int64>

    init(_ hundredths: ClosedRange<Int64>) {
        self.hundredths = hundredths
    }
}

struct Simulator {
    private var random: SeededGenerator
    private let temperature: Bounds
    private let pressure: Bounds

    init(temperature: Bounds, pressure: Bounds, seed: UInt64) {
        self.temperature = temperature
        self.pressure = pressure
        random = SeededGenerator(seed: seed)
    }

    mutating func read(at now: Instant) -> Reading {
        Reading(
            ts: Timestamp.text(now), temperature: value(temperature), pressure: value(pressure))
    }

    /// Leaves out so many readings.
    mutating func pass(_ count: UInt64) {
        for _ in 0..<count {
            _ = Int64.random(in: temperature.hundredths, using: &random)
            _ = Int64.random(in: pressure.hundredths, using: &random)
        }
    }

    private mutating func value(_ bounds: Bounds) -> String {
        let hundredths = Int64.random(in: bounds.hundredths, using: &random)
        let magnitude = hundredths.magnitude
        let fraction = magnitude % 100
        return "\(hundredths < 0 ? "-" : "")\(magnitude / 100)"
            + ".\(fraction < 10 ? "0" : "")\(fraction)"
    }
}
