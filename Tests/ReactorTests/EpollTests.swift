// SPDX-License-Identifier: Apache-2.0
//
// Events that are older than the descriptor's present use are recognised.

import CEpoll
import Glibc
import Testing

@testable import Reactor

@Suite struct EpollTests {
    /// There is one for every connection.
    @Test func aStreamIsSmall() {
        #expect(MemoryLayout<Stream>.stride <= 32)
    }

    private func pair() -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        return (ends[0], ends[1])
    }

    @Test func dropsEventsOfAnEarlierGeneration() throws {
        let epoll = try Epoll()
        let (first, firstPeer) = pair()
        let (second, secondPeer) = pair()
        defer { for end in [first, firstPeer, second, secondPeer] { close(end) } }
        try epoll.add(first, .input, Source(.stream, 1))
        try epoll.add(second, .input, Source(.stream, 2))
        _ = write(firstPeer, "x", 1)
        _ = write(secondPeer, "x", 1)
        #expect(epoll.wait(nanoseconds: 1_000_000_000) == 2)

        // The first is closed, and its number is given to a new connection, while its event waits.
        epoll.forget(first)
        _ = dup2(secondPeer, first)
        try epoll.add(first, .output, Source(.stream, 3))

        let events = (0..<2).map { epoll.event($0)?.source }
        #expect(events == [nil, Source(.stream, 2)])

        // The new generation's own events come.
        let count = epoll.wait(nanoseconds: 1_000_000_000)
        let sources = (0..<count).compactMap { epoll.event($0)?.source }
        #expect(sources.contains(Source(.stream, 3)))
    }

    @Test func aStaleEventIsCountedAndReachesNobody() throws {
        let (recorder, port) = try listening()
        let sockets = [try Socket(connectedTo: port), try Socket(connectedTo: port)]
        recorder.drive("both open", until: { recorder.heard.count == 2 })
        // Whichever is heard first closes the other, whose event lies in the same batch.
        recorder.onReceived = { bytes, connection in
            recorder.loop.close(1 - connection)
            return bytes.count
        }
        for socket in sockets { socket.send([1]) }
        recorder.drive("one is closed", until: { !recorder.closings.isEmpty })
        #expect(recorder.closings.count == 1)
        #expect(recorder.loop.statistics.staleEvents == 1)
        #expect(recorder.loop.statistics.reads == 1)
    }

    @Test func waitsAsLongAsAsked() throws {
        let epoll = try Epoll()
        let begin = monotonicNanoseconds()
        #expect(epoll.wait(nanoseconds: 3_000_000) == 0)
        #expect(monotonicNanoseconds() - begin >= 3_000_000)
        #expect(epoll.wait(nanoseconds: 0) == 0)
    }
}
