// SPDX-License-Identifier: Apache-2.0
//
// A broker's folder of arbitrary files: recovery ends with a clear error or with a state, and behind
// a state the folder is sound, a broker goes on with it, and what that writes is read back.
import MQTT

@testable import BrokerCore
@testable import Journal

enum JournalTarget {
    static func run(_ input: [UInt8], _ planted: Planted?) throws(Breach) {
        var script = Script(input)
        let disk = ScriptedDisk(&script)
        try inspect(disk)
        var replay = emptyReplay()
        guard read(disk, into: &replay) != nil else { return }
        let found = replay.state.durableDescription()
        var again = emptyReplay()
        guard let repeated = read(disk, into: &again) else {
            throw Breach("a folder that was read once is refused")
        }
        try require(
            again.state.durableDescription() == found, "read twice, it tells two stories")
        try require(repeated.setAside.isEmpty, "something is set aside twice")
        if let tail = repeated.tail {
            let rest = disk.files[tail.segment]?[tail.end...] ?? []
            try require(rest.allSatisfy { $0 == 0 }, "writing goes on in what is not zero")
        }
        try goOn(from: replay, repeated, disk, planted)
    }

    /// Memory is made up to the highest place: not for a fuzzer.
    private static func emptyReplay() -> Replay {
        var replay = Replay(seed: 1)
        replay.placesMax = 1000
        return replay
    }

    private static func inspect(_ disk: ScriptedDisk) throws(Breach) {
        do throws(RecoveryError) {
            _ = try Inspection(of: disk) { record, bytes, _, _ in
                _ = FactText.words(record, bytes)
            }
        } catch {
            // Versions that are not ours are named, not read.
            guard case .version = error else { throw Breach("an inspection fails: \(error)") }
        }
    }

    /// Nil for a clear error.
    private static func read(
        _ disk: ScriptedDisk, into replay: inout Replay
    ) -> RecoveryReport? {
        try? Recovery.read(disk, into: &replay)
    }

    private static func goOn(
        from replay: consuming Replay, _ report: RecoveryReport, _ disk: ScriptedDisk,
        _ planted: Planted?
    ) throws(Breach) {
        var tail = report.tail
        if planted == .writtenOver {
            tail = tail.map {
                SegmentTail(segment: $0.segment, end: SegmentHeader.size, size: $0.size)
            }
        }
        let home = SegmentHome(
            at: report.position, segmentSize: 4096, writer: ScriptedWriter(disk),
            sealed: report.segments, tail: tail,
            checksum: disk.checksum, now: { 0 })
        let now = Instant(nanoseconds: 1_700_000_000_000_000_000)
        var engine = Engine(limits: Limits(), home: home, seed: 2, from: replay)
        engine.recovered(at: now)
        let id = ConnectionID(place: 0)
        engine.opened(id, peer: "192.0.2.1:1", at: now)
        var connect = ConnectEncoder(.v5, clientID: ClientID("new"), cleanStart: false)
        connect.sessionExpiry = 100
        let bytes = connect.encoded()
        _ = engine.received(bytes.span, on: id, at: now)
        engine.turnEnded(at: now)
        var last = emptyReplay()
        guard let report = read(disk, into: &last) else {
            throw Breach("what a broker wrote behind its recovery is refused")
        }
        try require(!report.isDamaged || report.damaged != nil, "what was written is set aside")
        let live = engine.broker.state.durableDescription()
        try require(
            last.state.durableDescription() == live,
            "what was written is not what is read\n\(live)\n\(last.state.durableDescription())")
    }
}
