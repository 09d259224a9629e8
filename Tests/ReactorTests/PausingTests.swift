// SPDX-License-Identifier: Apache-2.0
//
// Back-pressure: a paused connection brings nothing and costs nothing, and loses nothing.

import Glibc
import Testing

@testable import Reactor

@Suite struct PausingTests {
    @Test func nothingIsReadWhilePaused() throws {
        let (recorder, socket, connection) = try connected()
        recorder.loop.pauseReading(connection)
        socket.send(framed([1]))
        for _ in 0..<5 {
            recorder.loop.setDeadline(Recorder.guardKey, at: recorder.loop.now)
            recorder.loop.turn()
        }
        #expect(recorder.packets.isEmpty)
        // The kernel is told once; after that the loop sleeps, but for an alarm that was set before.
        let turns = recorder.loop.statistics.turns
        recorder.loop.readClock()
        recorder.loop.setDeadline(1, at: recorder.loop.now + .milliseconds(20))
        recorder.loop.setDeadline(Recorder.guardKey, at: nil)
        while !recorder.heard.contains(.deadline(1)) { recorder.loop.turn() }
        #expect(recorder.loop.statistics.turns - turns <= 2)

        recorder.loop.resumeReading(connection)
        recorder.drive("it is read", until: { recorder.packets == [[1]] })
    }

    @Test func whatWasLeftComesWithoutMoreFromThePeer() throws {
        let (recorder, socket, connection) = try connected()
        var taken: [UInt8] = []
        recorder.onReceived = { bytes, connection in
            taken.append(bytes[0])
            recorder.loop.pauseReading(connection)
            return 1
        }
        socket.send([1, 2, 3])
        for expected in [[1], [1, 2], [1, 2, 3]] as [[UInt8]] {
            recorder.drive("one is taken", until: { taken == expected })
            recorder.loop.resumeReading(connection)
        }
        #expect(recorder.loop.statistics.reads == 1)
    }

    @Test func largeLeftoversSurviveAPauseToo() throws {
        let bodies = (0..<9).map { [UInt8](repeating: UInt8($0), count: 7_000) }
        let (recorder, socket, connection) = try connected()
        recorder.onPacket = { recorder.loop.pauseReading($0) }
        socket.send(bodies.flatMap(framed))
        recorder.drive(
            "all come",
            until: {
                recorder.loop.resumeReading(connection)
                return recorder.packets.count == 9
            })
        #expect(recorder.packets == bodies)
    }

    /// The kernel had told of it once.
    @Test func whatWasNotReadBeforeAPauseIsReadBehindIt() throws {
        let (recorder, socket, connection) = try connected()
        var count = 0
        recorder.onReceived = { bytes, connection in
            if count == 0 { recorder.loop.pauseReading(connection) }
            count += bytes.count
            return bytes.count
        }
        let size = ReceiveLimits.readMax + 1000
        socket.send([UInt8](repeating: 1, count: size))
        recorder.drive("a part is read", until: { count > 0 })
        #expect(count == ReceiveLimits.readMax)
        recorder.loop.resumeReading(connection)
        recorder.drive("the rest is read", until: { count == size })
    }

    @Test func whoYieldsIsOfferedTheRestInTheNextTurn() throws {
        let (recorder, socket, _) = try connected()
        var offers: [[UInt8]] = []
        var turns: Set<Int> = []
        recorder.onReceived = { bytes, connection in
            offers.append(bytes.indices.map { bytes[$0] })
            turns.insert(recorder.loop.statistics.turns)
            if offers.count == 1 { socket.send([4]) }
            if bytes.count > 1 { recorder.loop.yieldReading(connection) }
            return 1
        }
        socket.send([1, 2, 3])
        // Nothing more is read before it has come to its end.
        recorder.drive("all is taken", until: { offers == [[1, 2, 3], [2, 3], [3], [4]] })
        #expect(turns.count == 4)
    }

    @Test func whatWasNotReadBeforeAYieldIsReadBehindIt() throws {
        let (recorder, socket, _) = try connected()
        var offers: [Int] = []
        recorder.onReceived = { bytes, connection in
            offers.append(bytes.count)
            guard offers.count == 1 else { return bytes.count }
            recorder.loop.yieldReading(connection)
            return bytes.count - 1
        }
        socket.send([UInt8](repeating: 1, count: ReceiveLimits.readMax + 1000))
        recorder.drive("all is read", until: { offers.count == 3 })
        #expect(offers == [ReceiveLimits.readMax, 1, 1000])
    }

    /// Who has yielded takes nothing of the time of those from whom something has come.
    @Test func whatIsOfferedAgainLeavesTimeForOthers() throws {
        let (recorder, port) = try listening()
        let sockets = try (0...20).map { _ in try Socket(connectedTo: port) }
        recorder.drive("all are open", until: { recorder.peers.count == sockets.count })
        var most = 0
        // More than once, because the machine may take a millisecond for itself.
        for _ in 0..<10 {
            var heard = 0
            recorder.onReceived = { bytes, _ in
                guard bytes[0] == 1 else {
                    heard += 1
                    return bytes.count
                }
                if bytes.count > 1 { recorder.loop.yieldReading(0) } else { usleep(3000) }
                return 1
            }
            sockets[0].send([1, 1])
            recorder.loop.setDeadline(Recorder.guardKey, at: recorder.loop.now)
            recorder.loop.turn()
            for socket in sockets.dropFirst() { socket.send([2]) }
            recorder.loop.turn()
            most = max(most, heard)
            recorder.drive("all are heard", until: { heard == 20 })
        }
        #expect(most == 20)
    }

    /// It may have been put on the list by the connection that had the slot before.
    @Test func aYieldEndsWithItsConnection() throws {
        let (recorder, port) = try listening()
        var offers: [[UInt8]] = []
        recorder.onReceived = { bytes, connection in
            offers.append(bytes.indices.map { bytes[$0] })
            guard bytes[0] == 1 else { return 0 }
            recorder.loop.yieldReading(connection)
            recorder.loop.close(connection)
            return 1
        }
        let first = try Socket(connectedTo: port)
        first.send([1, 2])
        recorder.drive("it is closed", until: { !recorder.closings.isEmpty })
        let second = try Socket(connectedTo: port)
        second.send([3])
        recorder.drive("the next one is read", until: { offers.count == 2 })
        for _ in 0..<3 {
            recorder.loop.setDeadline(Recorder.guardKey, at: recorder.loop.now)
            recorder.loop.turn()
        }
        #expect(offers == [[1, 2], [3]])
    }

    @Test func aUnixPeerThatHungUpWhilePausedIsReadLater() throws {
        let path = temporaryPath("paused.sock")
        let loop = try EventLoop(handlesSignals: false)
        try loop.listen(on: .unix(path), tag: 1)
        let recorder = Recorder(loop)
        var socket: Socket? = unixSocket(path)
        recorder.drive("it opens", until: { recorder.heard.count == 1 })
        loop.pauseReading(0)
        socket?.send(framed([42]))
        socket = nil
        let turns = loop.statistics.turns
        loop.readClock()
        loop.setDeadline(1, at: loop.now + .milliseconds(20))
        loop.setDeadline(Recorder.guardKey, at: nil)
        while !recorder.heard.contains(.deadline(1)) { loop.turn() }
        #expect(loop.statistics.turns - turns <= 3)
        #expect(recorder.packets.isEmpty && recorder.closings.isEmpty)
        loop.resumeReading(0)
        recorder.drive("it ends", until: { !recorder.closings.isEmpty })
        #expect(recorder.packets == [[42]])
        #expect(recorder.closings == [.closed(0, .peerClosed)])
    }

    @Test func aResetIsToldWhilePaused() throws {
        let (recorder, port) = try listening()
        var socket: Socket? = try Socket(connectedTo: port)
        recorder.drive("it opens", until: { recorder.heard.count == 1 })
        recorder.loop.pauseReading(0)
        socket?.resetOnClose()
        socket = nil
        recorder.drive("it ends", until: { !recorder.closings.isEmpty })
        let error = SystemError(operation: "read", errno: ECONNRESET)
        #expect(recorder.closings == [.closed(0, .failed(error))])
    }
}

/// A path in a folder of this run.
func temporaryPath(_ name: String) -> String {
    var folder = Array("/tmp/reactor.XXXXXX".utf8CString)
    precondition(mkdtemp(&folder) != nil)
    return folder.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } + "/" + name
}

func unixSocket(_ path: String) -> Socket {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    precondition(SocketAddress.unix(path)!.connect(descriptor) == 0, "errno \(errno)")
    return Socket(descriptor)
}
