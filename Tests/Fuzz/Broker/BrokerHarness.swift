// SPDX-License-Identifier: Apache-2.0
//
// An engine with everything around it that a reactor would be: sockets, deadlines, a clock and a disk,
// which only the script moves. Whatever happens, the judges look behind every step.
import Journal
import MQTT

@testable import BrokerCore

final class BrokerHarness {
    /// One socket, seen from the broker's side.
    struct Link {
        var judge = LinkJudge()
        var input: [UInt8] = []
        var isPaused = false
        var isFinishing = false
        /// The engine has ordered a write that has not come to its end.
        var wantsWrite = false
        /// How many more bytes the client's side takes; nil for any number.
        var room: Int?
        /// Bytes that have left.
        var written = 0
        /// Bytes up to here might leave before the journal's last facts came.
        var clearedTo = 0
    }

    var engine: Engine
    let home = LoggedHome()
    var now = Instant(nanoseconds: 1_700_000_000_000_000_000)
    private(set) var deadlines: [Deadline: Instant] = [:]
    var links: [ConnectionID: Link] = [:]
    /// The state that a crash would leave, and of how many batches it is.
    var mirror = Replay(seed: 7)
    var mirrored = 0
    /// No batch has come since it was compared with the living state.
    var isCompared = false
    /// When the step began there were facts that were not durable.
    private(set) var wasDirty = false
    private var stagedBefore = 0
    /// The step is one event: its answers are behind its facts.
    private(set) var isSingle = true
    /// Who looks at what a client gets.
    var onPacket: (ConnectionID, AnyPacket, [UInt8]) throws(Breach) -> Void = {
        (_, _, _) throws(Breach) in
    }
    var onEnd: (ConnectionID) -> Void = { _ in }
    let planted: Planted?
    /// Paused before, and to be read again.
    private var resumed: [ConnectionID] = []

    init(_ limits: Limits, planted: Planted? = nil) {
        engine = Engine(limits: limits, home: home, seed: 42)
        self.planted = planted
    }

    var openLinks: [ConnectionID] { links.keys.sorted { $0.place < $1.place } }

    /// What is not durable now, or some of it, has come in this step. While a batch is on its way, what
    /// comes stays behind it.
    var hasNewFacts: Bool {
        !wasDirty || engine.performer.journal.bytesStaged > stagedBefore
    }
}

extension BrokerHarness {
    /// Lowest free number first, as a reactor numbers its sockets.
    func open() throws(Breach) -> ConnectionID {
        var id = ConnectionID(place: 0)
        while links[id] != nil { id = ConnectionID(place: id.place + 1) }
        links[id] = Link()
        trace("\(id.place) opens")
        try step { engine.opened(id, peer: "192.0.2.1:40000", at: now) }
        return id
    }

    /// Bytes of the client. As single packets, each is an event of its own.
    func send(_ bytes: [UInt8], on id: ConnectionID, packetwise: Bool = true) throws(Breach) {
        guard links[id] != nil else { return }
        links[id]!.input += bytes
        trace("\(id.place) says \(bytes.hex)")
        try feed(id, packetwise: packetwise)
    }

    /// The socket is gone for a reason outside of the broker.
    func lose(_ id: ConnectionID) throws(Breach) {
        guard links.removeValue(forKey: id) != nil else { return }
        trace("\(id.place) is lost")
        onEnd(id)
        try step { engine.closed(id, "connection reset", at: now) }
    }

    func setRoom(_ room: Int?, of id: ConnectionID) throws(Breach) {
        guard links[id] != nil else { return }
        trace("\(id.place) takes \(room.map { "\($0) bytes" } ?? "everything")")
        links[id]!.room = room
        try step {}
    }

    /// Moves the clock; deadlines come in their order. Those that do not move it come to an end.
    func pass(_ time: Duration) throws(Breach) {
        let end = now + time
        var count = 0
        while let next = deadlines.filter({ $0.value <= end })
            .min(by: { ($0.value, "\($0.key)") < ($1.value, "\($1.key)") })
        {
            if next.value > now { count = 0 }
            now = max(now, next.value)
            deadlines[next.key] = nil
            trace("due: \(next.key)")
            try step { engine.deadlineReached(next.key, at: now) }
            count += 1
            try require(count < 10_000, "deadlines without end: \(next.key)")
        }
        now = end
    }

    /// The disk has answered: one batch more is durable.
    func commit() throws(Breach) {
        guard let number = home.take() else { return }
        trace("batch \(number) is durable")
        engine.committed(number, at: now)
        clearOutputs()
        try step {}
    }

    /// The disk is quick again.
    func commitAll() throws(Breach) {
        home.isLate = false
        while home.waiting != nil { try commit() }
        try step {}
    }

    func setStoreFull(_ isFull: Bool) throws(Breach) {
        trace(isFull ? "the disk is full" : "the disk has room")
        try step { engine.storeIsFull(isFull, at: now) }
    }

    func shutDown() throws(Breach) {
        trace("the broker stops")
        isSingle = false
        try step { engine.shutDown(at: now) }
    }

    /// The broker dies, and comes back with what was durable. Every connection is gone.
    func crash() throws(Breach) {
        trace("the broker dies")
        home.loseWaiting()
        home.isLate = false
        for id in openLinks { onEnd(id) }
        links = [:]
        deadlines = [:]
        let replay = try replayed(without: planted == .forgottenBatch ? 1 : 0)
        engine = Engine(
            limits: engine.broker.limits, home: home, seed: 43, from: replay)
        try step { engine.recovered(at: now) }
    }

    /// What is durable, or that `without` the last batches.
    func replayed(without last: Int = 0) throws(Breach) -> Replay {
        var replay = Replay(seed: 43)
        for batch in home.batches.prefix(home.durableCount).dropLast(last) {
            do throws(RecordError) {
                try replay.batch(batch.span)
            } catch {
                throw Breach("the journal cannot be replayed: \(error)")
            }
        }
        return replay
    }
}

extension BrokerHarness {
    /// One event, and everything that follows until nothing moves.
    private func step(_ event: () -> Void) throws(Breach) {
        wasDirty = !engine.isSettled
        stagedBefore = engine.performer.journal.bytesStaged
        event()
        try carryOut()
        engine.turnEnded(at: now)
        try carryOut()
        isSingle = true
        if engine.isSettled || !wasDirty { clearOutputs() }
        try judgeState()
        while let id = resumed.popLast() { try feed(id, packetwise: false) }
    }

    /// What may leave now may do so also when other facts have come.
    private func clearOutputs() {
        for id in openLinks {
            var writable = 0
            engine.gather(id) { piece in
                writable += piece.count
                return true
            }
            links[id]!.clearedTo = links[id]!.written + writable
        }
    }

    private func feed(_ id: ConnectionID, packetwise: Bool) throws(Breach) {
        while let link = links[id], !link.isPaused, !link.isFinishing, !link.input.isEmpty {
            let input = packetwise ? firstPacket(link.input) : link.input
            var taken = 0
            isSingle = packetwise
            try step {
                let isAllRead = engine.performer.outlets[id.index].output.pendingBytes == 0
                // To who is refused already nobody listens, though his bytes are taken.
                let isHeard = !engine.performer.outlets[id.index].isDeaf
                taken = engine.received(input.span, on: id, at: now)
                precondition(taken >= 0 && taken <= input.count, "more taken than offered")
                if isHeard { hear(Array(input[..<taken]), on: id, isAllRead: isAllRead) }
                links[id]!.input.removeFirst(taken)
            }
            if taken == 0 { return }
        }
    }

    /// All, if what is in front is no packet.
    private func firstPacket(_ input: [UInt8]) -> [UInt8] {
        guard let header = try? FixedHeader.read(input.span, at: 0), header.end <= input.count
        else { return input }
        return Array(input[..<header.end])
    }

    /// Tells the judge what the broker has taken from the client.
    private func hear(_ bytes: [UInt8], on id: ConnectionID, isAllRead: Bool) {
        let version = engine.broker.connections[id.index].version
        var at = 0
        while at < bytes.count {
            let wire = Array(bytes[at...])
            guard let header = try? FixedHeader.read(wire.span, at: 0), header.end <= wire.count,
                let packet = try? AnyPacket(wire, header, version, from: .client)
            else { return }
            links[id]!.judge.said(packet, isAllRead: isAllRead)
            at += header.end
        }
    }
}

extension BrokerHarness {
    private func carryOut() throws(Breach) {
        var rounds = 0
        while true {
            var writable: [ConnectionID] = []
            engine.takeWritable { writable.append($0) }
            for id in writable {
                try require(links[id] != nil, "something to write to a connection that is gone")
                links[id]!.wantsWrite = true
            }
            let commands = engine.takeCommands()
            for command in commands { try carryOut(command) }
            let isQuiet = try writeAll()
            if commands.isEmpty, isQuiet { return }
            rounds += 1
            try require(rounds < 10_000, "commands without end: \(commands)")
        }
    }

    private func carryOut(_ command: Engine.Command) throws(Breach) {
        switch command {
        case .finish(let id, _):
            try require(links[id] != nil, "finish of a connection that is gone")
            links[id]!.isFinishing = true
        case .pauseReading(let id): links[id]?.isPaused = true
        case .resumeReading(let id):
            guard links[id] != nil else { return }
            links[id]!.isPaused = false
            resumed.append(id)
        case .yieldReading(let id): resumed.append(id)
        case .setDeadline(let deadline, let at): deadlines[deadline] = at
        case .tell: return
        }
    }

    /// Writes what may be written. True if nothing moved.
    private func writeAll() throws(Breach) -> Bool {
        var isQuiet = true
        for id in openLinks where try write(id) { isQuiet = false }
        return isQuiet
    }

    private func write(_ id: ConnectionID) throws(Breach) -> Bool {
        let ignoresGates = planted == .openGates
        guard let link = links[id], link.wantsWrite || link.isFinishing || ignoresGates
        else { return false }
        var room = link.room ?? .max
        var bytes: [UInt8] = []
        let durable =
            ignoresGates ? engine.performer.journal.tail : engine.performer.journal.durable
        engine.performer.outlets[id.index].output.forEachWritable(durable: durable) { piece in
            let part = piece.prefix(room)
            bytes += part
            room -= part.count
            return room > 0
        }
        if bytes.isEmpty {
            guard room > 0 else { return false }
            links[id]!.wantsWrite = false
            if link.isFinishing { try finish(id) }
            return link.isFinishing
        }
        if link.room != nil { links[id]!.room = room }
        try leave(bytes, on: id)
        engine.wrote(bytes.count, on: id, at: now)
        return true
    }

    private func finish(_ id: ConnectionID) throws(Breach) {
        try links.removeValue(forKey: id)!.judge.ended()
        trace("\(id.place) is closed")
        onEnd(id)
        engine.closed(id, "closed by us", at: now)
    }
}
