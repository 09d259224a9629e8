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

    /// `count`: nil for without end. With a seed, reading `seq` has the same values in whatever
    /// process it is taken.
    static func simulated(
        _ configuration: Configuration, count: Int?, from seq: UInt64 = 1
    ) -> Source {
        let seed = configuration.seed ?? UInt64.random(in: .min ... .max)
        var simulator = Simulator(
            temperature: configuration.temperature, pressure: configuration.pressure, seed: seed)
        if configuration.seed != nil { simulator.pass(seq - 1) }
        return Source(kind: .simulator(simulator), remaining: count, isRecorded: false)
    }

    /// Without its first rows, which were published before.
    static func recorded(_ recording: Recording, after rows: Int = 0) -> Source {
        var source = Source(
            kind: .recording(recording), remaining: recording.count, isRecorded: true)
        for _ in 0..<rows { source.pass() }
        return source
    }

    private mutating func pass() {
        do throws(RecordingError) {
            _ = try next(at: Instant(nanoseconds: 0))
        } catch {
            preconditionFailure("\(error): the file was checked at the start")
        }
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
