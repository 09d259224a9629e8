// SPDX-License-Identifier: Apache-2.0
// An engine with everything around it that a reactor would be: sockets, deadlines and a clock that
// only the test moves. Clients speak to it in Client.swift; SoundScene.swift judges it at the end.
import BrokerCore
import Journal
import MQTT

final class Scene {
    /// One socket, seen from the broker's side.
    struct Link {
        var input: [UInt8] = []
        /// What the client can read.
        var output: [UInt8] = []
        var isPaused = false
        var isFinishing = false
        /// The engine has ordered a write that has not come to its end.
        var wantsWrite = false
        /// How many more bytes the client's side takes; nil for any number.
        var room: Int?
    }

    var engine: Engine
    let home = TestHome()
    var now = Instant(nanoseconds: 1_700_000_000_000_000_000)
    private(set) var deadlines: [Deadline: Instant] = [:]
    private(set) var links: [ConnectionID: Link] = [:]
    /// Bytes of links that were closed by the broker, for their clients to read.
    private var lastBytes: [ConnectionID: [UInt8]] = [:]
    private(set) var notes: [Note] = []
    /// Packets whose memory the engine did not give back.
    private(set) var packetsKept = 0
    /// How often others than a publisher had to have their turn.
    private(set) var yields = 0
    /// Nil unless somebody wants to play it again.
    var recording: Recording?

    init(_ limits: Limits = Limits(), isRecorded: Bool = false) {
        if isRecorded { recording = Recording(limits) }
        engine = Engine(limits: limits, home: home, seed: 42)
    }

    func client(_ name: String, _ version: ProtocolVersion = .v5) -> Client {
        if name.isEmpty { recording?.hasChance = true }
        return Client(self, name, version)
    }
}

extension Scene {
    /// Lowest free number first, as a reactor numbers its sockets.
    func open() -> ConnectionID {
        var id = ConnectionID(place: 0)
        while links[id] != nil || lastBytes[id] != nil {
            id = ConnectionID(place: id.place + 1)
        }
        recording?.append(.opened(id))
        links[id] = Link()
        engine.opened(id, peer: "192.0.2.\(id.place + 1):40000", at: now)
        settle()
        return id
    }

    func send(_ bytes: [UInt8], on id: ConnectionID) {
        guard links[id] != nil else { return }
        links[id]!.input += bytes
        feed(id)
        settle()
        let isWhole = links[id].map(\.input.isEmpty) ?? true
        recording?.append(.sent(bytes, on: id, isWhole: isWhole))
    }

    /// The socket is gone for a reason outside of the broker.
    func lose(_ id: ConnectionID, _ cause: String = "connection reset") {
        guard links.removeValue(forKey: id) != nil else { return }
        recording?.append(.lost(id))
        engine.closed(id, cause, at: now)
        settle()
    }

    /// What the client can read, and whether its connection has ended.
    func take(_ id: ConnectionID) -> (bytes: [UInt8], isClosed: Bool) {
        let found = read(id)
        recording?.append(.read(found.bytes, isClosed: found.isClosed, on: id))
        return found
    }

    private func read(_ id: ConnectionID) -> (bytes: [UInt8], isClosed: Bool) {
        if let bytes = lastBytes.removeValue(forKey: id) { return (bytes, true) }
        guard links[id] != nil else { return ([], true) }
        defer { links[id]!.output = [] }
        return (links[id]!.output, false)
    }

    func setRoom(_ room: Int?, of id: ConnectionID) {
        recording?.append(.befell(.room(room, of: id)))
        links[id]!.room = room
        settle()
    }

    /// Moves the clock; deadlines come in their order.
    func pass(_ time: Duration) {
        recording?.append(.passed(time))
        let end = now + time
        while let next = deadlines.filter({ $0.value <= end })
            .min(by: { ($0.value, "\($0.key)") < ($1.value, "\($1.key)") })
        {
            now = max(now, next.value)
            deadlineIsDue(next.key)
        }
        now = end
    }

    /// One deadline comes, and no other.
    func deadlineIsDue(_ deadline: Deadline) {
        deadlines[deadline] = nil
        engine.deadlineReached(deadline, at: now)
        settle()
    }

    /// The disk has answered: one batch more is durable.
    func commit() {
        recording?.append(.befell(.commit))
        commitOne()
    }

    private func commitOne() {
        guard let number = home.take() else { return }
        engine.committed(number, at: now)
        carryOut()
    }

    /// The disk is quick again.
    func commitAll() {
        recording?.append(.befell(.commitAll))
        home.isLate = false
        while home.waiting != nil {
            commitOne()
        }
        settle()
    }

    func shutDown() {
        recording?.append(.befell(.shutDown))
        engine.shutDown(at: now)
        settle()
    }

    /// The broker dies, and comes back with what was durable. Every connection is gone, with
    /// whatever its client had not read yet.
    func crash() throws {
        recording?.append(.befell(.crash))
        home.loseWaiting()
        home.isLate = false
        for id in links.keys { lastBytes[id] = [] }
        links = [:]
        deadlines = [:]
        var replay = Replay(seed: 43)
        for batch in home.batches {
            try replay.batch(batch.span)
        }
        engine = Engine(limits: engine.broker.limits, home: home, seed: 43, from: replay)
        engine.recovered(at: now)
        settle()
    }

    func setStoreFull(_ isFull: Bool) {
        recording?.append(.befell(.storeFull(isFull)))
        engine.storeIsFull(isFull, at: now)
        settle()
    }

    func takeNotes() -> [Note] {
        defer { notes = [] }
        return notes
    }

    func steps() -> [String] { engine.takeSteps(at: now).map(\.text) }

    /// The end of a turn of the loop, and of as many more as it takes until nothing moves.
    func settle() {
        carryOut()
        engine.turnEnded(at: now)
        carryOut()
    }
}

extension Scene {
    private func feed(_ id: ConnectionID) {
        guard let link = links[id], !link.isPaused, !link.isFinishing else { return }
        let input = link.input
        if let size = engine.sizeToKeep(input.span, on: id), size <= input.count {
            return feedWhole(size, id)
        }
        let taken = engine.received(input.span, on: id, at: now)
        precondition(taken >= 0 && taken <= input.count, "more taken than offered")
        links[id]?.input.removeFirst(taken)
        carryOut()
    }

    /// As the loop does with a large packet: in memory of its own.
    private func feedWhole(_ size: Int, _ id: ConnectionID) {
        let packet = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        packet.copyBytes(from: links[id]!.input[..<size])
        let (isTaken, isKept) = engine.receivedWhole(packet, on: id, at: now)
        if isKept { packetsKept += 1 } else { packet.deallocate() }
        if isTaken { links[id]?.input.removeFirst(size) }
        carryOut()
        if isTaken, links[id]?.input.isEmpty == false { feed(id) }
    }

    private func carryOut() {
        while true {
            engine.takeWritable { id in
                precondition(links[id] != nil, "something to write to a connection that is gone")
                links[id]!.wantsWrite = true
            }
            let commands = engine.takeCommands()
            for command in commands { carryOut(command) }
            let isQuiet = writeAll()
            if commands.isEmpty, isQuiet { return }
        }
    }

    private func carryOut(_ command: Engine.Command) {
        switch command {
        case .finish(let id, _):
            precondition(links[id] != nil, "finish of a connection that is gone")
            links[id]!.isFinishing = true
        case .pauseReading(let id): links[id]?.isPaused = true
        case .resumeReading(let id):
            guard links[id] != nil else { return }
            links[id]!.isPaused = false
            feed(id)
        case .yieldReading(let id):
            yields += 1
            feed(id)
        case .setDeadline(let deadline, let at): deadlines[deadline] = at
        case .tell(let note): notes.append(note)
        }
    }

    /// Writes what may be written. True if nothing moved.
    private func writeAll() -> Bool {
        var isQuiet = true
        for id in links.keys.sorted(by: { $0.place < $1.place }) {
            if write(id) { isQuiet = false }
        }
        return isQuiet
    }

    private func write(_ id: ConnectionID) -> Bool {
        guard let link = links[id], link.wantsWrite || link.isFinishing else { return false }
        var room = link.room ?? .max
        var bytes: [UInt8] = []
        engine.gather(id) { piece in
            let part = piece.prefix(room)
            bytes += part
            room -= part.count
            return room > 0
        }
        if bytes.isEmpty {
            guard room > 0 else { return false }
            links[id]!.wantsWrite = false
            if link.isFinishing { finish(id) }
            return link.isFinishing
        }
        links[id]!.output += bytes
        if link.room != nil { links[id]!.room = room }
        engine.wrote(bytes.count, on: id, at: now)
        return true
    }

    private func finish(_ id: ConnectionID) {
        lastBytes[id] = links.removeValue(forKey: id)!.output
        engine.closed(id, "closed by us", at: now)
    }
}
