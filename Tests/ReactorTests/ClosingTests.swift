// SPDX-License-Identifier: Apache-2.0
//
// Every connection ends once, whoever ends it, and a peer gets our last bytes.

import Glibc
import Testing

@testable import Reactor

@Suite struct ClosingTests {
    @Test func thePeersEndIsTold() throws {
        let (recorder, port) = try listening()
        var socket: Socket? = try Socket(connectedTo: port)
        recorder.drive("it opens", until: { recorder.heard.count == 1 })
        socket?.send(framed([1]))
        socket = nil
        recorder.drive("it ends", until: { !recorder.closings.isEmpty })
        #expect(recorder.packets == [[1]])
        #expect(recorder.heard == [.opened(0, tag: 7), .closed(0, .peerClosed)])
        #expect(recorder.loop.statistics.connections == 0)
    }

    @Test func closeIsToldOnceAndNotFromInside() throws {
        let (recorder, socket, connection) = try connected()
        recorder.onReceived = { bytes, connection in
            recorder.loop.close(connection)
            recorder.loop.close(connection)
            recorder.loop.finish(connection)
            recorder.loop.flush(connection)
            recorder.loop.resumeReading(connection)
            #expect(recorder.closings.isEmpty)
            return bytes.count
        }
        socket.send([1])
        recorder.drive("it ends", until: { !recorder.closings.isEmpty })
        recorder.loop.close(connection)
        recorder.loop.setDeadline(Recorder.guardKey, at: recorder.loop.now)
        recorder.loop.turn()
        #expect(recorder.closings == [.closed(0, .requested)])
    }

    /// Others have their turn in between.
    @Test func veryManyThatEndTogetherAreToldOfInTurns() throws {
        let (recorder, port) = try listening()
        let count = 3 * TurnBudget.endings
        let sockets = try (0..<count).map { _ in try Socket(connectedTo: port) }
        recorder.drive("all are open", until: { recorder.peers.count == count })
        recorder.onDeadline = { _ in for place in 0..<count { recorder.loop.close(place) } }
        recorder.loop.setDeadline(1, at: recorder.loop.now)
        recorder.loop.turn()
        let first = recorder.closings.count
        #expect(first >= TurnBudget.endings && first <= 2 * TurnBudget.endings)
        #expect(recorder.loop.hasWork)
        recorder.drive("all are told of", until: { recorder.closings.count == count })
        withExtendedLifetime(sockets) {}
    }

    @Test func aServiceMayCloseWhileItLooksAtALargeTail() throws {
        let (recorder, socket, _) = try connected()
        var sum = 0
        recorder.onReceived = { bytes, connection in
            guard bytes.count > 100_000 else { return 0 }
            recorder.loop.close(connection)
            for index in 0..<bytes.count { sum += Int(bytes[index]) }
            return 0
        }
        var sent = 0
        recorder.drive(
            "it ends",
            until: {
                sent += socket.send([UInt8](repeating: 1, count: 40_000))
                return !recorder.closings.isEmpty
            })
        #expect(sum > 100_000 && sum <= sent)
    }

    @Test func aSlotIsNotGivenOutBeforeItsEndWasTold() throws {
        let (recorder, port) = try listening()
        recorder.onClosed = { closed in
            recorder.loop.dial(host: "127.0.0.1", port: port, tag: 20)
            let slotOfDial = recorder.loop.dials.keys.first
            #expect(slotOfDial != nil && slotOfDial != closed)
            recorder.onClosed = nil
        }
        let socket = try Socket(connectedTo: port)
        recorder.drive("it opens", until: { recorder.heard.count == 1 })
        recorder.loop.close(0)
        recorder.drive("the dial opens", until: { recorder.heard.count == 4 })
        #expect(recorder.heard[1] == .closed(0, .requested))
        socket.take()
        #expect(socket.hasEnded)
    }

    @Test func finishWritesEverythingAndThenWaitsForThePeer() throws {
        let (recorder, socket, connection) = try connected()
        let last = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        recorder.output[connection] = last
        recorder.loop.finish(connection)
        recorder.drive(
            "the last bytes arrive and the end",
            until: {
                socket.send([9, 9, 9])  // Still talking: with a plain close, this brings a reset.
                socket.take(atMost: 1_000_000)
                return socket.hasEnded || socket.failure != 0
            })
        #expect(socket.failure == 0)
        // What differs in so much would take minutes to find.
        let isWhole = socket.received == last
        #expect(isWhole)
        #expect(recorder.packets.isEmpty)
        #expect(recorder.closings.isEmpty, "it lingers until the peer ends")
        socket.endWriting()
        recorder.drive("it is closed", until: { !recorder.closings.isEmpty })
        #expect(recorder.closings == [.closed(connection, .requested)])
    }

    @Test func finishGivesUpOnAPeerThatDoesNotEnd() throws {
        let (recorder, socket, connection) = try connected()
        recorder.loop.finish(connection)
        recorder.drive(
            "the end of our side",
            until: {
                socket.take(); return socket.hasEnded
            })
        let begin = recorder.loop.now
        recorder.drive("it is closed", until: { !recorder.closings.isEmpty })
        #expect(recorder.closings == [.closed(connection, .requested)])
        #expect(recorder.loop.now - begin > .milliseconds(1500))
    }

    /// It gets all, and need not end its side.
    @Test func aPeerThatIsDoneIsNotWaitedFor() throws {
        let (recorder, socket, _) = try connected()
        recorder.onReceived = { bytes, connection in
            recorder.output[connection] = [UInt8](repeating: 5, count: 1_000_000)
            recorder.loop.finish(connection, peerIsDone: true)
            return bytes.count
        }
        socket.send([1])
        recorder.drive(
            "all arrives",
            until: {
                socket.take(); return socket.hasEnded
            })
        #expect(socket.received.count == 1_000_000)
        #expect(recorder.closings == [.closed(0, .requested)])
        #expect(recorder.loop.statistics.connections == 0)
    }

    @Test func finishGivesUpOnAPeerThatDoesNotStopTalking() throws {
        let (recorder, socket, connection) = try connected()
        recorder.loop.finish(connection)
        let chatter = [UInt8](repeating: 0, count: 100_000)
        let begin = recorder.loop.now
        recorder.drive(
            "it is closed",
            until: {
                socket.send(chatter)
                return !recorder.closings.isEmpty
            })
        #expect(recorder.loop.now - begin < .milliseconds(1500))
    }

    @Test func finishAfterThePeersHalfCloseStillWrites() throws {
        let (recorder, socket, _) = try connected()
        recorder.onReceived = { bytes, connection in
            recorder.output[connection] = [UInt8](repeating: 5, count: 1_000_000)
            recorder.loop.finish(connection)
            return bytes.count
        }
        socket.send([1])
        socket.endWriting()
        recorder.drive(
            "all arrives",
            until: {
                socket.take(); return socket.hasEnded
            })
        #expect(socket.received.count == 1_000_000)
        recorder.drive("it is closed", until: { !recorder.closings.isEmpty })
        #expect(recorder.closings == [.closed(0, .requested)])
    }

    @Test func aWriteToAGonePeerFailsTheConnectionOnly() throws {
        let (recorder, port) = try listening()
        var socket: Socket? = try Socket(connectedTo: port)
        recorder.drive("it opens", until: { recorder.heard.count == 1 })
        recorder.loop.pauseReading(0)
        socket?.resetOnClose()
        socket = nil
        recorder.send([1, 2, 3], on: 0)
        let turnsBefore = recorder.turnsEnded
        recorder.loop.writeStreams(of: recorder)
        recorder.drive("it ends", until: { !recorder.closings.isEmpty })
        guard case .closed(0, .failed(let error)) = recorder.closings[0] else {
            Issue.record("\(recorder.closings)")
            return
        }
        #expect(error.operation == "write")
        #expect(recorder.turnsEnded > turnsBefore)
    }

    @Test func whatALoopHeldGoesWithIt() throws {
        var recorder: Recorder?
        let port: UInt16
        (recorder, port) = try listening()
        let socket = try Socket(connectedTo: port)
        recorder?.drive("it opens", until: { recorder?.heard.count == 1 })
        weak let loop = recorder?.loop
        loop?.service = nil
        recorder = nil
        #expect(loop == nil)
        socket.take()
        #expect(socket.hasEnded)
    }
}
