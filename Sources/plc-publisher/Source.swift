// SPDX-License-Identifier: Apache-2.0
//
// Where readings come from: the simulated PLC or a recording; and how many are still to come.
import MQTT

struct Source {
    private enum Kind {
        case simulator(Simulator)
        case recording(Recording)
    }

    private var kind: Kind
    /// Nil for without end.
    private(set) var remaining: Int?
    /// A recording has its own pace; a simulated PLC is read at the configuration's.
    let isRecorded: Bool

    /// `count`: nil for without end.
    static func simulated(_ configuration: Configuration, count: Int?) -> Source {
        let seed = configuration.seed ?? UInt64.random(in: .min ... .max)
        let simulator = Simulator(
            temperature: configuration.temperature, pressure: configuration.pressure, seed: seed)
        return Source(kind: .simulator(simulator), remaining: count, isRecorded: false)
    }

    static func recorded(_ recording: Recording) -> Source {
        Source(kind: .recording(recording), remaining: recording.count, isRecorded: true)
    }

    /// The next reading; nil where there is none any more.
    mutating func next(at now: Instant) throws(RecordingError) -> Reading? {
        guard remaining != 0 else { return nil }
        defer { remaining = remaining.map { $0 - 1 } }
        switch kind {
        case .simulator(var simulator):
            defer { kind = .simulator(simulator) }
            return simulator.read(at: now)
        case .recording(var recording):
            defer { kind = .recording(recording) }
            return try recording.next()
        }
    }
}
