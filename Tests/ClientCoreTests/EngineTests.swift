// SPDX-License-Identifier: Apache-2.0
//
// The engine with a journal whose home takes its time: bytes, lines and receipts wait for the commit
// of what they follow from. And its way through dialling, waiting and stopping.
import Journal
import MQTT
import Testing

@testable import ClientCore

/// Durable only when the test says so.
private final class SlowHome: Journal.Home {
    private(set) var submitted: [UInt64] = []

    func commit(_ batch: Span<UInt8>, number: UInt64) -> Bool {
        submitted.append(number)
        return false
    }
}

/// Writes nothing down, remembers what it was asked.
private final class Application: ClientApplication {
    var reception = Reception.willBeStored(label: nil)
    private(set) var arrived: [IncomingMessage] = []
    private(set) var payloads: [String] = []
    private(set) var released: [Receipt] = []
    private(set) var sessionsLost = 0

    func arrived(_ message: IncomingMessage, in bytes: Span<UInt8>) -> Reception {
        arrived.append(message)
        payloads.append(
            bytes.extracting(message.payload).withUnsafeBufferPointer {
                String(decoding: $0, as: UTF8.self)
            })
        return reception
    }

    func released(_ receipt: Receipt) { released.append(receipt) }

    func sessionLost() { sessionsLost += 1 }
}

/// An engine, its clock and its peer.
private struct Bench: ~Copyable {
    var engine: ClientEngine
    let application = Application()
    var now = Instant(nanoseconds: 1_000_000_000_000)

    init(
        home: any Journal.Home = MemoryHome(), version: ProtocolVersion = .v5,
        knowsSession: Bool = false, outboxMax: Int = 100
    ) {
        var options = ClientOptions(clientID: ClientID("c"), server: "test:1883")
        options.version = version
        options.outboxMax = outboxMax
        engine = ClientEngine(
            ClientSession(options, knowsSession: knowsSession), home: home, seed: 1)
    }

    mutating func receive(_ bytes: [UInt8]) -> Int {
        engine.received(bytes.span, at: now, by: application)
    }

    mutating func acknowledge(_ kind: PacketKind, _ id: PacketID) {
        _ = receive(AcknowledgementEncoder(.v5, kind, id).encoded())
    }

    /// Everything that may leave now leaves.
    mutating func written() -> [UInt8] {
        var bytes: [UInt8] = []
        engine.forEachWritable {
            bytes += $0
            return true
        }
        engine.wrote(bytes.count)
        return bytes
    }

    mutating func actions() -> [ClientAction] {
        var actions: [ClientAction] = []
        while let action = engine.nextAction() { actions.append(action) }
        return actions
    }

    /// What is asked of the program, lines left out.
    mutating func commands() -> [ClientAction] {
        actions().filter {
            switch $0 {
            case .step, .tell: false
            case .dial, .close, .taken, .stopped: true
            }
        }
    }

    mutating func connect(present: Bool = false) {
        if engine.reach == .resting { engine.start() }
        engine.opened(at: now)
        _ = receive(ConnackEncoder(accepting: .v5, sessionPresent: present).encoded())
        engine.turnEnded()
        _ = written()
        _ = actions()
    }
}

private func firstByte(_ kind: PacketKind) -> UInt8 { kind.rawValue << 4 | kind.requiredFlags }

@Suite struct EngineGateTests {
    /// architecture, section 6: nothing leaves before the fact that it follows from is durable.
    @Test func nothingLeavesBeforeItsCommit() {
        let home = SlowHome()
        var bench = Bench(home: home, knowsSession: true)
        bench.connect(present: true)
        #expect(bench.engine.enqueue(message("1"), at: bench.now) == number(1))
        #expect(bench.written().isEmpty && bench.actions().isEmpty)
        bench.engine.turnEnded()
        #expect(home.submitted == [1])
        #expect(bench.written().isEmpty && bench.actions().isEmpty, "in flight is not durable")
        let mayWrite = bench.engine.hasWritable
        #expect(!mayWrite)
        bench.engine.committed(1)
        #expect(bench.commands() == [.taken(number(1))])
        #expect(bench.written().first == firstByte(.publish) | 0b0100)

        bench.acknowledge(.pubrec, 1)
        bench.engine.turnEnded()
        #expect(bench.written().isEmpty, "PUBREL waits for 'acknowledged'")
        bench.engine.committed(2)
        #expect(bench.written() == [0x62, 2, 0, 1])
        bench.acknowledge(.pubcomp, 1)
        bench.engine.turnEnded()
        #expect(home.submitted == [1, 2, 3])
        #expect(bench.engine.session.outbox.count == 0, "nobody waits for 'completed'")
    }

    /// While one batch is on its way the next one grows; each gate opens with its own.
    @Test func gatesOpenOneAfterTheOther() {
        let home = SlowHome()
        var bench = Bench(home: home, knowsSession: true)
        bench.connect(present: true)
        _ = bench.engine.enqueue(message("1"), at: bench.now)
        bench.engine.turnEnded()
        _ = bench.engine.enqueue(message("2"), at: bench.now)
        _ = bench.engine.enqueue(message("3"), at: bench.now)
        bench.engine.turnEnded()
        #expect(home.submitted == [1], "one batch at a time")
        bench.engine.committed(1)
        #expect(bench.commands() == [.taken(number(1))])
        bench.engine.turnEnded()
        #expect(home.submitted == [1, 2])
        bench.engine.committed(2)
        #expect(bench.commands() == [.taken(number(2)), .taken(number(3))])
    }

    /// A line tells what has happened, not what was about to.
    @Test func linesWaitForTheirGateAndForTheirConnection() {
        let home = SlowHome()
        var bench = Bench(home: home, knowsSession: true)
        bench.connect(present: true)
        _ = bench.engine.enqueue(message("1"), at: bench.now)
        bench.engine.turnEnded()
        bench.engine.closed("cut", at: bench.now)
        bench.engine.committed(1)
        let actions = bench.actions()
        #expect(actions.contains(.taken(number(1))))
        #expect(!actions.contains { if case .step = $0 { true } else { false } })
        #expect(bench.written().isEmpty)
    }

    /// Or a crash would ask for a clean start, and throw away what the server holds of ours.
    @Test func aNewSessionIsDurableBeforeItIsUsed() throws {
        let home = SlowHome()
        var bench = Bench(home: home)
        bench.connect()
        #expect(home.submitted == [1], "sessionBegun")
        _ = bench.engine.enqueue(message("1"), at: bench.now)
        bench.engine.turnEnded()
        #expect(bench.written().isEmpty)
        bench.engine.committed(1)
        #expect(bench.written().isEmpty)
        bench.engine.turnEnded()
        let isSettled = bench.engine.isSettled
        #expect(!isSettled)
        bench.engine.committed(2)
        #expect(bench.written().first == firstByte(.publish) | 0b0100)
        let isSettledNow = bench.engine.isSettled
        #expect(isSettledNow)
    }

    /// A note lies between the messages that were put in before it and those behind.
    @Test func aNoteHasItsPlace() throws {
        let home = MemoryHome(keepsBatches: true)
        var bench = Bench(home: home)
        _ = bench.engine.enqueue(message("1"), at: bench.now)
        bench.engine.note([9])
        bench.engine.turnEnded()
        var outbox = Outbox()
        for batch in home.batches { try outbox.batch(batch.span) }
        #expect(outbox.note == [9] && outbox.count == 1)
        #expect(bench.engine.session.outbox.note == [9])
    }

    @Test func aReceiverSaysNothingBeforeItsStoreDoes() throws {
        var bench = Bench(knowsSession: true)
        bench.connect(present: true)
        #expect(bench.receive(publishBytes(5, payload: "hello")) > 0)
        #expect(bench.application.payloads == ["hello"])
        bench.engine.turnEnded()
        #expect(bench.written().isEmpty)
        let receipt = try #require(bench.application.arrived.first?.receipt)
        bench.engine.stored(receipt, at: bench.now)
        #expect(bench.written() == [0x50, 2, 0, 5])
        bench.acknowledge(.pubrel, 5)
        #expect(bench.written().isEmpty)
        bench.engine.forgotten(try #require(bench.application.released.first), at: bench.now)
        #expect(bench.written() == [0x70, 2, 0, 5])
    }

    @Test func whatIsIgnoredIsAcknowledgedAtOnce() {
        var bench = Bench(knowsSession: true)
        bench.connect(present: true)
        bench.application.reception = .ignored
        _ = bench.receive(publishBytes(5) + publishBytes(6, qos: .atLeastOnce))
        #expect(bench.written() == [0x50, 2, 0, 5, 0x40, 2, 0, 6])
    }

    @Test func theApplicationHearsOfALostSession() {
        var bench = Bench(knowsSession: true)
        bench.connect()
        #expect(bench.application.sessionsLost == 1)
    }
}

@Suite struct EngineBytesTests {
    @Test func connectSaysWhoWeAre() throws {
        for version in [ProtocolVersion.v5, .v311] {
            var bench = Bench(version: version)
            bench.engine.start()
            bench.engine.opened(at: bench.now)
            let bytes = bench.written()
            let header = try #require(try FixedHeader.read(bytes.span, at: 0))
            let packet = try ConnectPacket(bytes.span, header)
            #expect(packet.version == version)
            #expect(ClientID(bytes.span, packet.clientID) == ClientID("c"))
            #expect(packet.cleanStart == (version == .v5))
            if version == .v5 { #expect(packet.sessionExpiry == .max) }
        }
    }

    @Test func aPublishCarriesItsPropertiesOverMQTT5Only() throws {
        for version in [ProtocolVersion.v5, .v311] {
            var bench = Bench(version: version)
            bench.engine.start()
            bench.engine.opened(at: bench.now)
            _ = bench.receive(ConnackEncoder(accepting: version, sessionPresent: false).encoded())
            _ = bench.written()
            _ = bench.engine.enqueue(message("1", size: 3), at: bench.now)
            bench.engine.turnEnded()
            let bytes = bench.written()
            let header = try #require(try FixedHeader.read(bytes.span, at: 0))
            #expect(header.end == bytes.count)
            let packet = try PublishPacket(bytes.span, header, version, from: .client)
            #expect(packet.payload.count == 3 && packet.id == 1 && packet.qos == .exactlyOnce)
            let label = packet.properties.all.first(.userProperty, in: bytes.span)
            #expect((label != nil) == (version == .v5))
        }
    }

    /// Packets may arrive in any pieces.
    @Test func onlyWholePacketsAreTaken() {
        let bytes =
            ConnackEncoder(accepting: .v5, sessionPresent: true).encoded()
            + publishBytes(1, payload: "one") + publishBytes(2, payload: "two")
        for cut in 0...bytes.count {
            var bench = Bench(knowsSession: true)
            bench.engine.start()
            bench.engine.opened(at: bench.now)
            let taken = bench.receive(Array(bytes[..<cut]))
            #expect(taken <= cut)
            #expect(bench.receive(Array(bytes[taken...])) == bytes.count - taken)
            #expect(bench.application.payloads == ["one", "two"])
        }
    }

    @Test func garbageEndsTheConnectionAndNothingElseIsTaken() {
        var bench = Bench()
        bench.connect()
        let bytes: [UInt8] = [0xF0, 0x00, 0xD0, 0x00, 1, 2, 3]
        #expect(bench.receive(bytes) == bytes.count)
        #expect(bench.commands() == [.close(flushing: true)])
        #expect(bench.written() == [0xE0, 1, ReasonCode.protocolError.rawValue])
        #expect(bench.receive([0xD0, 0x00]) == 2, "what follows is not looked at")
    }

    @Test func aPacketBeyondOurLimitIsRefused() {
        var bench = Bench()
        bench.connect()
        _ = bench.receive([0x30, 0xFF, 0xFF, 0xFF, 0x7F])
        #expect(bench.written() == [0xE0, 1, ReasonCode.packetTooLarge.rawValue])
    }
}

@Suite struct EngineReachTests {
    @Test func itTriesAgainAndAgain() throws {
        var bench = Bench()
        bench.engine.start()
        #expect(bench.commands() == [.dial])
        for _ in 0..<5 {
            bench.engine.notReached("refused", at: bench.now)
            guard case .tell(.unreachable("refused", let pause)) = bench.actions().first else {
                Issue.record("nothing was told")
                return
            }
            #expect(bench.engine.deadline == bench.now + pause)
            bench.now += pause - .milliseconds(1)
            bench.engine.deadlineReached(at: bench.now)
            #expect(bench.commands().isEmpty)
            bench.now += .milliseconds(1)
            bench.engine.deadlineReached(at: bench.now)
            #expect(bench.commands() == [.dial])
        }
    }

    /// MQTT 3.1.1: the connection that throws an unknown session away is followed by the real one
    /// without a pause and without a word of a loss.
    @Test func aCleansingConnectionIsFollowedAtOnce() {
        var bench = Bench(version: .v311)
        bench.engine.start()
        _ = bench.actions()
        for present in [true, false] {
            bench.engine.opened(at: bench.now)
            _ = bench.receive(ConnackEncoder(accepting: .v311, sessionPresent: present).encoded())
            #expect(bench.actions() == [.close(flushing: true)])
            bench.engine.closed(nil, at: bench.now)
            #expect(bench.actions() == [.dial])
        }
        bench.engine.opened(at: bench.now)
        _ = bench.receive(ConnackEncoder(accepting: .v311, sessionPresent: false).encoded())
        #expect(bench.engine.session.isOpen == true)
    }

    @Test func aLostConnectionIsMadeAnew() {
        var bench = Bench()
        bench.connect()
        _ = bench.engine.enqueue(message("1"), at: bench.now)
        bench.engine.turnEnded()
        _ = bench.written()
        bench.engine.closed("cut", at: bench.now)
        #expect(bench.engine.session.isOpen == false)
        bench.now += .seconds(1)
        bench.engine.deadlineReached(at: bench.now)
        #expect(bench.commands() == [.dial, .taken(number(1))])
        bench.engine.opened(at: bench.now)
        let connack = ConnackEncoder(accepting: .v5, sessionPresent: true).encoded()
        _ = bench.receive(connack)
        bench.engine.turnEnded()
        let bytes = bench.written()
        #expect(bytes.contains(firstByte(.publish) | 0b1100), "with DUP")
    }

    @Test func stoppingDeliversFirst() {
        var bench = Bench()
        bench.connect()
        _ = bench.engine.enqueue(message("1"), at: bench.now)
        bench.engine.turnEnded()
        _ = bench.written()
        _ = bench.actions()
        bench.engine.stop(within: .seconds(5), at: bench.now)
        #expect(bench.commands().isEmpty)
        bench.acknowledge(.pubrec, 1)
        bench.acknowledge(.pubcomp, 1)
        bench.engine.turnEnded()
        #expect(bench.commands() == [.close(flushing: true)])
        #expect(bench.written().suffix(2) == [0xE0, 0])
        bench.engine.closed(nil, at: bench.now)
        #expect(bench.commands() == [.stopped])
        #expect(bench.engine.deadline == nil)
    }

    /// A server that sends us away while we deliver the last ones is reached once more.
    @Test func stoppingOutlivesALostConnection() {
        var bench = Bench()
        bench.connect()
        _ = bench.engine.enqueue(message("1"), at: bench.now)
        bench.engine.turnEnded()
        _ = bench.actions()
        bench.engine.stop(within: .seconds(5), at: bench.now)
        _ = bench.receive(DisconnectEncoder(.v5, .serverShuttingDown).encoded())
        #expect(bench.commands() == [.close(flushing: true)])
        bench.engine.closed(nil, at: bench.now)
        #expect(bench.commands().isEmpty, "not stopped")
        bench.now += .seconds(1)
        bench.engine.deadlineReached(at: bench.now)
        #expect(bench.commands() == [.dial])
        bench.connect(present: true)
        bench.acknowledge(.pubrec, 1)
        bench.acknowledge(.pubcomp, 1)
        bench.engine.turnEnded()
        #expect(bench.commands() == [.close(flushing: true)])
        bench.engine.closed(nil, at: bench.now)
        #expect(bench.commands() == [.stopped])
    }

    @Test func stoppingDoesNotWaitForEver() {
        var bench = Bench()
        bench.connect()
        _ = bench.engine.enqueue(message("1"), at: bench.now)
        bench.engine.turnEnded()
        _ = bench.actions()
        bench.engine.stop(within: .seconds(5), at: bench.now)
        #expect(bench.engine.deadline == bench.now + .seconds(5))
        bench.now += .seconds(5)
        bench.engine.deadlineReached(at: bench.now)
        bench.engine.turnEnded()
        #expect(bench.commands() == [.close(flushing: true)])
        bench.engine.closed(nil, at: bench.now)
        #expect(bench.actions() == [.tell(.abandoned(1)), .stopped])
    }

    @Test func stoppingWithoutAServer() {
        var empty = Bench()
        empty.engine.start()
        empty.engine.notReached("refused", at: empty.now)
        _ = empty.actions()
        empty.engine.stop(within: .seconds(5), at: empty.now)
        #expect(empty.commands().last == .stopped)

        var full = Bench()
        full.engine.start()
        _ = full.engine.enqueue(message("1"), at: full.now)
        full.engine.notReached("refused", at: full.now)
        full.engine.turnEnded()
        _ = full.actions()
        full.engine.stop(within: .seconds(5), at: full.now)
        #expect(full.commands() == [.dial], "one more attempt at once")
        full.engine.notReached("refused", at: full.now)
        full.now += .seconds(5)
        full.engine.deadlineReached(at: full.now)
        #expect(full.actions().suffix(2) == [.tell(.abandoned(1)), .stopped])
    }

    @Test func aFullOutboxTakesNothing() {
        var bench = Bench(outboxMax: 1)
        #expect(bench.engine.enqueue(message("1"), at: bench.now) != nil)
        #expect(bench.engine.enqueue(message("2"), at: bench.now) == nil)
    }
}

@Suite struct EngineReturnTests {
    /// The wait that is told when the connection is gone.
    private func wait(_ bench: inout Bench) -> Duration? {
        bench.engine.closed("reset", at: bench.now)
        for action in bench.actions() {
            if case .tell(.lost(_, let wait)) = action { return wait }
        }
        return nil
    }

    private func dialAgain(_ bench: inout Bench) {
        bench.now = bench.now + .seconds(60)
        bench.engine.deadlineReached(at: bench.now)
        #expect(bench.commands() == [.dial])
    }

    @Test func connectionsThatServeNothingAreTriedLessAndLess() {
        var bench = Bench()
        for attempt in 0..<8 {
            bench.connect(present: attempt > 0)
            let wait = wait(&bench)
            #expect(wait ?? .zero >= min(.milliseconds(125) * (1 << attempt), .seconds(15)))
            dialAgain(&bench)
        }
    }

    @Test func aConnectionThatHasServedIsSoonTriedAgain() {
        var bench = Bench()
        for attempt in 0..<8 {
            bench.connect(present: attempt > 0)
            _ = bench.engine.enqueue(message("1"), at: bench.now)
            let id = UInt16(attempt + 1)
            bench.acknowledge(.pubrec, PacketID(id))
            bench.acknowledge(.pubcomp, PacketID(id))
            let wait = wait(&bench)
            #expect(wait ?? .seconds(60) <= .milliseconds(250), "after connection \(attempt)")
            dialAgain(&bench)
        }
    }
}
