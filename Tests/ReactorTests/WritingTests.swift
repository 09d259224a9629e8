// SPDX-License-Identifier: Apache-2.0
//
// Output: one write per connection and turn, and a slow reader holds up nobody.

import Glibc
import Testing

@testable import Reactor

@Suite struct WritingTests {
    @Test func manyFlushesAreOneWrite() throws {
        let (recorder, socket, connection) = try connected()
        for byte in 0..<100 as Range<UInt8> { recorder.send([byte], on: connection) }
        recorder.pieceSize = 2
        recorder.loop.turn()
        #expect(recorder.loop.statistics.writes == 1)
        socket.take()
        #expect(socket.received == Array(0..<100))
        #expect(!recorder.loop.streams[connection].flags.contains(.outputArmed))
    }

    @Test func fullVectorsAreFollowedByMore() throws {
        let (recorder, socket, connection) = try connected()
        recorder.pieceSize = 10
        recorder.send([UInt8](repeating: 1, count: 2000), on: connection)
        recorder.loop.turn()
        #expect(recorder.loop.statistics.writes == 4)  // 64 + 64 + 64 + 8 pieces
        socket.take()
        #expect(socket.received.count == 2000)
    }

    /// Who gives less than the vectors hold has no more, until it asks again.
    @Test func aServiceThatHasNoMoreIsNotAskedAgain() throws {
        let (recorder, socket, connection) = try connected()
        var asked = 0
        recorder.onGather = { asked += 1 }
        recorder.pieceSize = 100
        recorder.piecesMax = 1
        recorder.send([UInt8](repeating: 1, count: 350), on: connection)
        recorder.loop.turn()
        #expect(asked == 1)
        #expect(recorder.loop.statistics.writes == 1)
        for _ in 0..<3 {
            recorder.loop.flush(connection)
            recorder.loop.turn()
        }
        #expect(asked == 4)
        socket.take()
        #expect(socket.received.count == 350)
    }

    @Test func aSlowReaderGetsEverythingWithoutSpinning() throws {
        let (recorder, socket, connection) = try connected()
        let bytes = (0..<12_000_000).map { UInt8(truncatingIfNeeded: $0 &* 11 &+ $0 >> 9) }
        recorder.pieceSize = 100_000
        recorder.send(bytes, on: connection)
        while !recorder.loop.streams[connection].flags.contains(.writeBlocked) {
            recorder.loop.turn()
        }
        #expect(recorder.loop.streams[connection].flags.contains(.outputArmed))
        // Blocked: asking for a flush does not make the loop try.
        let writes = recorder.loop.statistics.writes
        recorder.loop.flush(connection)
        recorder.loop.setDeadline(Recorder.guardKey, at: recorder.loop.now)
        recorder.loop.turn()
        #expect(recorder.loop.statistics.writes == writes)
        recorder.drive(
            "all is read",
            until: {
                socket.take(atMost: 300_000); return socket.received == bytes
            })
        recorder.drive(
            "the kernel is not asked any more",
            until: { !recorder.loop.streams[connection].flags.contains(.outputArmed) })
    }

    /// A service that hears of a part of its output asks for a flush, and the rest finds no room. When there is
    /// some by the end of the next turn, of which the kernel has not told yet, its word must still be waited for.
    @Test func aFlushThatWasWantedInAWriteDoesNotHideTheKernelsWord() throws {
        let (recorder, socket, connection) = try connected()
        var more = [2, 3] as [UInt8]
        recorder.onWrote = { connection in
            if let next = more.popLast() { recorder.output[connection]!.append(next) }
            recorder.loop.flush(connection)
        }
        recorder.send([4], on: connection)
        recorder.onTurnEnded = {
            recorder.onTurnEnded = nil
            recorder.loop.streams[connection].flags.insert([.writeBlocked, .outputArmed])
            recorder.loop.applyInterest(connection)
        }
        recorder.drive(
            "all is written",
            until: {
                socket.take()
                return socket.received == [4, 3, 2]
            })
    }

    @Test func aFullSocketIsWaitedFor() throws {
        let (recorder, socket, connection) = try connected()
        // Filled behind the loop's back, so that its own first write finds no room at all.
        let filling = [UInt8](repeating: 1, count: 65536)
        var filled = 0
        while true {
            let count = send(
                recorder.loop.streams[connection].descriptor, filling, filling.count,
                Int32(MSG_DONTWAIT))
            guard count > 0 else { break }
            filled += count
        }
        recorder.send([7, 8, 9], on: connection)
        recorder.loop.turn()
        #expect(recorder.loop.statistics.writes == 0)
        #expect(recorder.loop.streams[connection].flags.contains(.writeBlocked))
        recorder.drive(
            "it is written",
            until: {
                socket.take(); return socket.received.count == filled + 3
            })
        #expect(socket.received.suffix(3) == [7, 8, 9])
    }

    @Test func aServiceMayCloseInGatherAndInWrote() throws {
        final class Closer: Service {
            let loop: EventLoop
            var inGather = true
            var ended: [CloseReason] = []
            var wroteCount = 0
            let byte = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)

            deinit { byte.deallocate() }
            init(_ loop: EventLoop) { self.loop = loop }
            func opened(_ connection: Int, from peer: Peer, tag: Int) { loop.flush(connection) }
            func received(_ bytes: Span<UInt8>, on connection: Int) -> Int { bytes.count }
            func closed(_ connection: Int, _ reason: CloseReason) { ended.append(reason) }
            func dialFailed(tag: Int, _ error: SystemError) {}
            func deadlineReached(_ key: Int) {}
            func signalled(_ signal: Signal) {}
            func woken(_ tag: Int) {}
            func turnEnded() {}
            func gather(_ connection: Int, into vectors: inout OutputVectors) {
                vectors.append(UnsafeRawBufferPointer(byte))
                if inGather { loop.close(connection) }
            }
            func wrote(_ count: Int, on connection: Int) {
                wroteCount += count
                loop.close(connection)
            }
        }
        for inGather in [true, false] {
            let loop = try EventLoop(handlesSignals: false)
            let closer = Closer(loop)
            closer.inGather = inGather
            loop.service = closer
            try loop.listen(on: .tcp(host: "127.0.0.1", port: 0), tag: 1)
            let socket = try Socket(connectedTo: loop.boundPort(tag: 1)!)
            while closer.ended.isEmpty { loop.turn() }
            #expect(closer.ended == [.requested])
            #expect(closer.wroteCount == (inGather ? 0 : 1))
            socket.take()
            #expect(socket.hasEnded)
        }
    }

    /// A large body does not keep the others waiting while all of it goes to the kernel.
    @Test func vectorsTakeSoMuchAtATimeAndNoMore() {
        let source = (0..<OutputVectors.byteMax + 9).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        source.withUnsafeBytes { source in
            let bytes = OutputVectors.collecting { vectors in
                vectors.append(UnsafeRawBufferPointer(rebasing: source[..<5]))
                #expect(!vectors.isFull)
                vectors.append(UnsafeRawBufferPointer(rebasing: source[5...]))
                #expect(vectors.isFull && vectors.count == 2)
            }
            #expect(bytes == Array(source.prefix(OutputVectors.byteMax)))
        }
    }

    @Test func vectorsSkipNothingButEmptyPieces() {
        [1, 2, 3].withUnsafeBytes { (source: UnsafeRawBufferPointer) in
            let bytes = OutputVectors.collecting { vectors in
                for range in [0..<9, 9..<9, 9..<24] {
                    vectors.append(UnsafeRawBufferPointer(rebasing: source[range]))
                }
                #expect(vectors.count == 2 && vectors.byteCount == 24 && !vectors.isFull)
            }
            #expect(bytes == Array(source))
        }
    }
}
