// SPDX-License-Identifier: Apache-2.0
//
// A client engine with its program, its disk and its clock. Its judges look behind every step: what
// leaves is well-formed, within the server's limits, and not before its fact is durable; and what a
// crash would leave is what the outbox is.
import MQTT

@testable import ClientCore
@testable import Journal

final class ClientHarness: ClientApplication {
    var engine: ClientEngine
    private(set) var home = LoggedHome()
    var now = Instant(nanoseconds: 1_700_000_000_000_000_000)
    private let options: ClientOptions
    private let planted: Planted?
    private(set) var isDialling = false
    private(set) var isStopped = false
    private(set) var receipts: [(receipt: Receipt, isRelease: Bool)] = []
    /// Received and stored; its database outlives a crash.
    private var stored: Set<UInt16> = []
    private var input: [UInt8] = []
    private var judge = ClientJudge()
    /// The outbox that a crash would leave.
    private var mirror = Outbox()
    private var mirrored = 0

    init(_ options: ClientOptions, _ planted: Planted?) {
        self.options = options
        self.planted = planted
        engine = ClientEngine(ClientSession(options, knowsSession: false), home: home, seed: 1)
        engine.start()
    }

    var isConnected: Bool { judge.isOpen }

    func arrived(_ message: IncomingMessage, in bytes: Span<UInt8>) -> Reception {
        if let receipt = message.receipt { receipts.append((receipt, false)) }
        return .willBeStored(label: nil)
    }

    func released(_ receipt: Receipt) { receipts.append((receipt, true)) }

    func sessionLost() {
        stored = []
        receipts = []
    }
}

extension ClientHarness {
    /// One event, and everything that follows.
    func step(_ event: () -> Void) throws(Breach) {
        event()
        engine.turnEnded()
        try settle()
    }

    private func settle() throws(Breach) {
        var rounds = 0
        while let action = engine.nextAction() {
            switch action {
            case .dial: isDialling = true
            case .close(let flushing):
                if flushing { try flush() }
                hangUp(nil)
            case .stopped: isStopped = true
            case .taken, .step, .tell: break
            }
            rounds += 1
            try require(rounds < 10_000, "actions without end: \(action)")
        }
        try flush()
        try compare()
    }

    func opened() throws(Breach) {
        guard isDialling else { return }
        isDialling = false
        input = []
        judge.opened()
        try step { engine.opened(at: now) }
    }

    func notReached() throws(Breach) {
        guard isDialling else { return }
        isDialling = false
        try step { engine.notReached("refused", at: now) }
    }

    func hangUp(_ why: String?) {
        guard judge.isOpen else { return }
        judge.closed()
        engine.closed(why, at: now)
    }

    /// Bytes of the server.
    func receive(_ bytes: [UInt8]) throws(Breach) {
        guard judge.isOpen else { return }
        input += bytes
        let offered = input
        try step {
            let taken = engine.received(offered.span, at: now, by: self)
            precondition(taken >= 0 && taken <= offered.count, "more taken than offered")
            input.removeFirst(taken)
            judge.heard(Array(offered[..<taken]), options.version)
        }
    }

    /// The program has written down what came first.
    func answer() throws(Breach) {
        guard !receipts.isEmpty else { return }
        let (receipt, isRelease) = receipts.removeFirst()
        if isRelease {
            stored.remove(receipt.id.rawValue)
        } else {
            stored.insert(receipt.id.rawValue)
        }
        try step {
            if isRelease {
                engine.forgotten(receipt, at: now)
            } else {
                engine.stored(receipt, at: now)
            }
        }
    }

    func pass(_ time: Duration) throws(Breach) {
        let end = now + time
        var rounds = 0
        while let due = engine.deadline, due <= end {
            now = max(now, due)
            try step { engine.deadlineReached(at: now) }
            rounds += 1
            try require(rounds < 10_000, "deadlines without end")
        }
        now = end
    }

    func commit() throws(Breach) {
        guard let number = home.take() else { return }
        try step { engine.committed(number) }
    }

    /// The process dies, and comes back with what was durable.
    func crash() throws(Breach) {
        home.loseWaiting()
        home.isLate = false
        var outbox = Outbox()
        for batch in home.batches { try Self.replay(batch, into: &outbox) }
        judge.closed()
        receipts = []
        isStopped = false
        let knowsSession = outbox.knowsSession || !stored.isEmpty
        let session = ClientSession(
            options, outbox: outbox, storedIdentifiers: stored.sorted().map { PacketID($0) },
            knowsSession: knowsSession)
        engine = ClientEngine(session, home: home, seed: 2)
        isDialling = false
        try step { engine.start() }
    }

    private static func replay(_ batch: [UInt8], into outbox: inout Outbox) throws(Breach) {
        do throws(RecordError) {
            try outbox.batch(batch.span)
        } catch {
            throw Breach("the outbox cannot be replayed: \(error)")
        }
    }
}

extension ClientHarness {
    /// Everything that may leave leaves.
    private func flush() throws(Breach) {
        var bytes: [UInt8] = []
        let durable = planted == .ungatedOutbox ? engine.journal.tail : engine.journal.durable
        engine.output.forEachWritable(durable: durable) { piece in
            bytes += piece
            return true
        }
        guard !bytes.isEmpty else { return }
        engine.wrote(bytes.count)
        try mirrorDurable()
        try judge.sent(bytes, options.version, mirror)
    }

    private func mirrorDurable() throws(Breach) {
        while mirrored < home.durableCount {
            trace("    on disk \(home.batches[mirrored].hex)")
            try Self.replay(home.batches[mirrored], into: &mirror)
            mirrored += 1
        }
    }

    private func compare() throws(Breach) {
        try mirrorDurable()
        guard engine.isSettled else { return }
        try OutboxComparison.compare(engine.session.outbox, mirror)
    }
}
