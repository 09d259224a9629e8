// SPDX-License-Identifier: Apache-2.0
// All that happened in a scene, in order: what each client sent, what it found when it looked, and
// what time and fate did in between. Whoever plays it again must find the same bytes, also when
// packets are cut or glued together on their way.
import BrokerCore
import MQTT

struct Recording {
    enum Event: Equatable {
        case opened(ConnectionID)
        /// `isWhole` says that the broker took all of it: the bytes end where a packet ends.
        case sent([UInt8], on: ConnectionID, isWhole: Bool)
        /// What a client read, and whether that was the end.
        case read([UInt8], isClosed: Bool, on: ConnectionID)
        case lost(ConnectionID)
        case passed(Duration)
        case befell(Fate)
    }

    /// What no client does.
    enum Fate: Equatable {
        case commit, commitAll, crash, shutDown
        case storeFull(Bool)
        case room(Int?, of: ConnectionID)
    }

    let limits: Limits
    private(set) var events: [Event] = []
    /// The versions whose clients have said something.
    var versions: Set<ProtocolVersion> = []
    /// The broker draws a client identifier.
    var hasChance = false

    init(_ limits: Limits) {
        self.limits = limits
    }

    private init(like other: Recording, _ events: [Event]) {
        self = other
        self.events = events
    }

    mutating func append(_ event: Event) {
        events.append(event)
    }

    /// Plants a difference.
    mutating func change(_ index: Int, _ event: Event) {
        events[index] = event
    }
}

extension Recording {
    /// The same bytes one by one. Of long ones only the ends, where all lengths are.
    func cut() -> Recording {
        let end = 64
        return Recording(
            like: self,
            events.flatMap { event -> [Event] in
                guard case .sent(let bytes, let id, let isWhole) = event else { return [event] }
                var pieces = bytes.prefix(end).map { [$0] }
                let rest = bytes.dropFirst(end)
                pieces += [Array(rest.dropLast(end))] + rest.suffix(end).map { [$0] }
                pieces.removeAll(where: \.isEmpty)
                return pieces.enumerated().map { at, piece in
                    .sent(piece, on: id, isWhole: isWhole && at == pieces.count - 1)
                }
            })
    }

    /// The same bytes in as few pieces as possible: what a client says until anything else happens
    /// comes at once, before it has read any answer.
    func glued() -> Recording {
        var result: [Event] = []
        var speech: (bytes: [UInt8], id: ConnectionID, isWhole: Bool)?
        var readings: [(id: ConnectionID, bytes: [UInt8], isClosed: Bool)] = []
        func flush() {
            if let said = speech {
                result.append(.sent(said.bytes, on: said.id, isWhole: said.isWhole))
            }
            result += readings.map { .read($0.bytes, isClosed: $0.isClosed, on: $0.id) }
            speech = nil
            readings = []
        }
        for event in events {
            switch event {
            case .sent(let bytes, let id, let isWhole):
                if let said = speech, said.id == id {
                    speech = (said.bytes + bytes, id, isWhole)
                } else {
                    flush()
                    speech = (bytes, id, isWhole)
                }
            case .read(let bytes, let isClosed, let id):
                if let at = readings.firstIndex(where: { $0.id == id }) {
                    readings[at].bytes += bytes
                    readings[at].isClosed = readings[at].isClosed || isClosed
                } else {
                    readings.append((id, bytes, isClosed))
                }
            case .opened, .lost, .passed, .befell:
                flush()
                result.append(event)
            }
        }
        flush()
        return Recording(like: self, result)
    }
}

extension Recording {
    /// What a client read that was not as recorded.
    struct Difference: Error, CustomStringConvertible {
        let event: Int
        let expected: [UInt8]
        let found: [UInt8]
        let isClosed: (expected: Bool, found: Bool)

        var description: String {
            """
            event \(event): expected \(expected)\(isClosed.expected ? " and the end" : ""), \
            found \(found)\(isClosed.found ? " and the end" : "")
            """
        }
    }

    /// Plays it to a new engine, which must give the same answers.
    func replay() throws {
        let scene = Scene(limits)
        for (number, event) in events.enumerated() {
            switch event {
            case .opened(let id):
                let opened = scene.open()
                precondition(opened == id, "connections are numbered otherwise")
            case .sent(let bytes, let id, _): scene.send(bytes, on: id)
            case .read(let expected, let isClosed, let id):
                let found = scene.take(id)
                guard found.bytes == expected, found.isClosed == isClosed else {
                    throw Difference(
                        event: number, expected: expected, found: found.bytes,
                        isClosed: (isClosed, found.isClosed))
                }
            case .lost(let id): scene.lose(id)
            case .passed(let time): scene.pass(time)
            case .befell(let fate): try scene.befall(fate)
            }
        }
    }
}

extension Scene {
    fileprivate func befall(_ fate: Recording.Fate) throws {
        switch fate {
        case .commit: commit()
        case .commitAll: commitAll()
        case .crash: try crash()
        case .shutDown: shutDown()
        case .storeFull(let isFull): setStoreFull(isFull)
        case .room(let room, let id): setRoom(room, of: id)
        }
    }
}
