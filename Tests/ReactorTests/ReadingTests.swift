// SPDX-License-Identifier: Apache-2.0
//
// However a stream is cut, the service sees the same packets; what is unfinished is kept, and
// nothing is kept of what is finished.

import Glibc
import Testing

@testable import Reactor

@Suite struct ReadingTests {
    @Test func anySplitYieldsTheSamePackets() throws {
        let bodies = (0..<12).map { [UInt8](repeating: UInt8($0), count: $0 * 3) }
        let stream = bodies.flatMap(framed)
        let (recorder, socket, connection) = try connected()
        for cut in 1..<stream.count {
            recorder.packets = []
            for piece in [stream[..<cut], stream[cut...]] {
                let before = recorder.loop.statistics.bytesRead
                socket.send(piece)
                recorder.drive(
                    "a piece arrives",
                    until: { recorder.loop.statistics.bytesRead - before == piece.count })
            }
            #expect(recorder.packets == bodies)
            #expect(recorder.loop.streams[connection].tail.base == nil)
        }
    }

    @Test func randomCutsOfRandomPackets() throws {
        for seed in 1...12 as ClosedRange<UInt64> {
            var numbers = Numbers(seed)
            let bodies = (0..<40).map { _ -> [UInt8] in
                let scale = [10, 500, 20_000, 150_000].randomElement(using: &numbers)!
                let count = Int.random(in: 0...scale, using: &numbers)
                return (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(seed)) }
            }
            var rest = bodies.flatMap(framed)[...]
            let (recorder, socket, connection) = try connected()
            recorder.drive(
                "all packets arrive",
                until: {
                    let piece = rest.prefix(Int.random(in: 1...90_000, using: &numbers))
                    rest = rest.dropFirst(socket.send(piece))
                    return recorder.packets.count == bodies.count
                })
            #expect(recorder.packets == bodies, "seed \(seed)")
            #expect(recorder.loop.streams[connection].tail.base == nil)
        }
    }

    @Test func aTwentyMebibytePacketIsReadIntoPlace() throws {
        let body = (0..<20 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 13) }
        let (recorder, socket, connection) = try connected()
        recorder.echoes = true
        var rest = framed(body)[...]
        var capacityMax = 0
        recorder.drive(
            "the packet comes back",
            until: {
                if !rest.isEmpty { rest = rest.dropFirst(socket.send(rest.prefix(1 << 20))) }
                capacityMax = max(capacityMax, recorder.loop.streams[connection].tail.capacity)
                socket.take()
                return socket.received.count == body.count + 4
            })
        #expect(recorder.packets == [body])
        #expect(socket.received == framed(body))
        #expect(capacityMax <= 2 * (body.count + 4))
        #expect(recorder.loop.streams[connection].tail.base == nil)
    }

    /// Kept, consumed or left for later: nothing is lost of it, or of what comes behind it.
    @Test func largePacketsAreHandedOverWithTheirMemory() throws {
        let (recorder, socket, connection) = try connected()
        let sizes = [3 << 20, 5, 100_000, 3 << 20, 70_000, 0, 2 << 20]
        let bodies = sizes.map { size in (0..<size).map { UInt8(truncatingIfNeeded: $0 * size) } }
        recorder.keptSize = 50_000
        var kept: [UnsafeMutableRawBufferPointer] = []
        var calls = 0
        recorder.onWhole = { packet, connection in
            calls += 1
            switch calls % 3 {
            case 0:
                recorder.loop.pauseReading(connection)
                recorder.loop.setDeadline(1, at: recorder.loop.now)
                return .left
            case 1:
                kept.append(packet)
                return .kept
            default: return .consumed
            }
        }
        recorder.onDeadline = { _ in recorder.loop.resumeReading(connection) }
        var rest = bodies.flatMap(framed)[...]
        recorder.drive(
            "all packets arrive",
            until: {
                if !rest.isEmpty { rest = rest.dropFirst(socket.send(rest.prefix(1 << 20))) }
                return recorder.packets.count == bodies.count
            })
        let isRight = recorder.packets == bodies
        #expect(isRight)
        // Five are that large; each was handed over until it was taken.
        #expect(calls == 7)
        let areWhole = kept.allSatisfy { packet in bodies.contains(Array(packet[4...])) }
        #expect(areWhole && kept.count == 3)
        for packet in kept { free(packet.baseAddress) }
        #expect(recorder.loop.streams[connection].tail.base == nil)
    }

    /// Its memory is nobody's but the service's when the connection ends meanwhile.
    @Test func aConnectionMayEndWhileItsPacketIsHandedOver() throws {
        for outcome in [WholePacket.kept, .consumed, .left] {
            let (recorder, socket, _) = try connected()
            recorder.keptSize = 50_000
            recorder.onWhole = { packet, connection in
                recorder.loop.close(connection)
                if outcome == .kept { free(packet.baseAddress) }
                return outcome
            }
            var rest = framed([UInt8](repeating: 1, count: 300_000))[...]
            recorder.drive(
                "the connection ends",
                until: {
                    if !rest.isEmpty { rest = rest.dropFirst(socket.send(rest)) }
                    return !recorder.closings.isEmpty
                })
        }
    }

    @Test func nothingIsReservedOnAPromise() throws {
        let (recorder, socket, connection) = try connected()
        socket.send([0x0F, 0xFF, 0xFF, 0xFF, 1, 2, 3])
        recorder.drive("it arrives", until: { recorder.loop.statistics.bytesRead == 7 })
        #expect(recorder.loop.streams[connection].tail.count == 7)
        #expect(recorder.loop.streams[connection].tail.capacity == 64)
    }

    @Test func oneConnectionCannotKeepTheOthersWaiting() throws {
        let (recorder, port) = try listening()
        let busy = try Socket(connectedTo: port)
        let quiet = try Socket(connectedTo: port)
        recorder.drive("both open", until: { recorder.heard.count == 2 })
        var bytes = [0, 0]
        recorder.onReceived = { span, connection in
            bytes[connection] += span.count
            busy.send([UInt8](repeating: 0, count: 65536))
            return span.count
        }
        busy.send([UInt8](repeating: 0, count: 1 << 20))
        quiet.send([1])
        recorder.loop.turn()
        recorder.loop.turn()
        #expect(bytes[1] == 1)
        #expect(bytes[0] <= 2 * ReceiveLimits.turnMax)
    }

    @Test func streamsAreSmall() {
        #expect(MemoryLayout<Stream>.stride <= 32)
    }

    @Test func tailKeepsDropsAndShrinks() {
        var tail = Tail.empty
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        bytes.withUnsafeBytes { tail.keep($0) }
        #expect(tail.isLarge && tail.capacity == 200_000)
        tail.drop(99_000)
        #expect(tail.count == 1000 && tail.capacity == 1024)
        #expect(Array(tail.bytes) == Array(bytes[99_000...]))
        bytes.prefix(10).withUnsafeBytes { tail.keep($0) }
        #expect(Array(tail.bytes) == Array(bytes[..<10]))
        tail.drop(10)
        #expect(tail.base == nil && tail.capacity == 0)
    }
}
