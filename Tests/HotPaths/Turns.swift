// SPDX-License-Identifier: Apache-2.0
// The engine and what a reactor is to it: bytes in, commands carried out, bytes out. Only what
// happens within `turn` is counted; what clients do between turns is not the broker's.
import BrokerCore
import Journal
import MQTT

/// A connection as the reactor has it.
struct Link {
    /// What the client has said and the broker has not heard.
    var input: [UInt8] = []
    /// What the broker has written and the client has not read.
    var output: [UInt8] = []
    /// Its client has come, and the broker does not know it yet.
    var isNew = true
    /// The broker has said all that it has to say.
    var isFinished = false
}

/// The broker with its connections.
struct Turns: ~Copyable {
    var links: [Link]
    private var engine: Engine
    private let disk = MemoryDisk()
    private var flushes: [Int] = []
    private let isPlanted: Bool
    private var planted: [[UInt8]] = []
    /// All happens at one instant.
    private let now = MemoryDisk.now

    init(links count: Int, isPlanted: Bool) {
        var limits = Limits()
        limits.inFlightMax = 1000
        engine = Engine(limits: limits, home: disk.home(), seed: 42)
        engine.handshakeLogging = .never
        links = Array(repeating: Link(), count: count)
        for index in links.indices {
            links[index].input.reserveCapacity(1 << 18)
            links[index].output.reserveCapacity(1 << 18)
        }
        self.isPlanted = isPlanted
    }

    /// One turn of the loop, as the broker's service has it: what the last turn staged is durable,
    /// what has come in is taken, and what may leave is written.
    @inline(never)
    mutating func turn() {
        if let number = disk.takeWritten() { engine.committed(number, at: now) }
        for place in links.indices {
            if links[place].isNew { open(place) }
            if !links[place].input.isEmpty { receive(place) }
            if links[place].isFinished { close(place) }
        }
        engine.turnEnded(at: now)
        carryOut()
        write()
    }

    private mutating func open(_ place: Int) {
        engine.opened(ConnectionID(place: UInt32(place)), peer: "192.0.2.1:40000", at: now)
        links[place].isNew = false
        carryOut()
    }

    private mutating func receive(_ place: Int) {
        let id = ConnectionID(place: UInt32(place))
        var input: [UInt8] = []
        swap(&input, &links[place].input)
        let taken = engine.received(input.span, on: id, at: now)
        precondition(taken == input.count, "the broker left bytes")
        if isPlanted { planted = input.map { [$0] } }
        input.removeAll(keepingCapacity: true)
        swap(&input, &links[place].input)
        carryOut()
    }

    private mutating func close(_ place: Int) {
        engine.closed(ConnectionID(place: UInt32(place)), "connection closed by peer", at: now)
        links[place].isFinished = false
        links[place].isNew = true
        carryOut()
    }

    private mutating func carryOut() {
        engine.takeWritable { flushes.append($0.index) }
        for command in engine.takeCommands() {
            switch command {
            case .finish(let id, _): links[id.index].isFinished = true
            case .setDeadline, .tell: break
            case .pauseReading, .resumeReading, .yieldReading:
                preconditionFailure("nobody has to wait here")
            }
        }
    }

    private mutating func write() {
        for place in flushes {
            let id = ConnectionID(place: UInt32(place))
            var written = 0
            engine.gather(id) { piece in
                links[place].output.append(contentsOf: piece)
                written += piece.count
                return true
            }
            if written > 0 { engine.wrote(written, on: id, at: now) }
        }
        flushes.removeAll(keepingCapacity: true)
        carryOut()
    }
}
