// SPDX-License-Identifier: Apache-2.0
//
// Connections that we open: numbers, this machine's name, names that need a look-up, Unix sockets;
// and what is heard when nobody is there.

import Glibc
import Testing

@testable import Reactor

@Suite struct DiallingTests {
    @Test func aDialOpensBothEnds() throws {
        let (recorder, port) = try listening()
        recorder.echoes = true
        recorder.loop.dial(host: "127.0.0.1", port: port, tag: 30)
        #expect(recorder.heard.isEmpty, "never from inside the call")
        recorder.drive("both ends open", until: { recorder.heard.count == 2 })
        let dialled = try #require(
            (0...1).first { recorder.heard.contains(.opened($0, tag: 30)) })
        #expect(recorder.heard.contains(.opened(1 - dialled, tag: 7)))
        #expect(recorder.peers[dialled]?.description == "127.0.0.1:\(port)")
        recorder.echoes = false
        recorder.send(framed([4, 5]), on: dialled)
        recorder.drive("it arrives", until: { recorder.packets == [[4, 5]] })
        recorder.loop.finish(dialled)
        recorder.drive("both end", until: { recorder.closings.count == 2 })
        #expect(recorder.closings.contains(.closed(1 - dialled, .peerClosed)))
        #expect(recorder.closings.contains(.closed(dialled, .requested)))
        #expect(recorder.loop.statistics.connections == 0)
    }

    @Test func nobodyListens() throws {
        // Bound but not listening: the port is ours, and refuses.
        let silent = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(silent) }
        let address = try #require(
            try SocketAddress.resolve("127.0.0.1", port: 0, numericOnly: true).first)
        try #require(address.bind(silent) == 0)
        let port = SocketAddress(boundTo: silent).port
        let recorder = Recorder(try EventLoop(handlesSignals: false))
        recorder.loop.dial(host: "127.0.0.1", port: port, tag: 1)
        recorder.loop.dial(host: "::1", port: port, tag: 2)
        recorder.loop.dial(host: "localhost", port: port, tag: 3)
        recorder.loop.dial(host: "/nowhere/at/all.sock", port: 0, tag: 4)
        recorder.drive("all fail", until: { recorder.heard.count == 4 })
        let expected: [Heard] = [
            .dialFailed(tag: 1, "connect 127.0.0.1:\(port): Connection refused"),
            .dialFailed(tag: 2, "connect [::1]:\(port): Connection refused"),
            .dialFailed(tag: 3, "connect localhost:\(port): Connection refused"),
            .dialFailed(tag: 4, "connect /nowhere/at/all.sock: No such file or directory"),
        ]
        for one in expected { #expect(recorder.heard.contains(one)) }
        #expect(recorder.loop.dials.isEmpty)
    }

    @Test func localhostIsTriedOnItsSecondAddressToo() throws {
        let loop = try EventLoop(handlesSignals: false)
        try loop.listen(on: .tcp(host: "::1", port: 0), tag: 1)
        let recorder = Recorder(loop)
        let port = try #require(loop.boundPort(tag: 1))
        loop.dial(host: "localhost", port: port, tag: 2)
        recorder.drive("it opens", until: { recorder.heard.count == 2 })
        #expect(recorder.peers.values.contains { $0.description == "[::1]:\(port)" })
    }

    @Test func otherNamesAreLookedUpElsewhere() throws {
        let recorder = Recorder(try EventLoop(handlesSignals: false))
        recorder.loop.dial(host: "no-such-host.invalid", port: 1883, tag: 5)
        #expect(recorder.loop.resolutions.count == 1)
        recorder.drive("it fails", until: { !recorder.heard.isEmpty })
        guard case .dialFailed(5, let text) = recorder.heard[0] else {
            Issue.record("\(recorder.heard)")
            return
        }
        #expect(text.hasPrefix("resolve no-such-host.invalid: "))
        #expect(recorder.loop.resolutions.isEmpty)
    }

    @Test func aLookUpThatSucceedsConnects() throws {
        let (recorder, port) = try listening()
        // The resolver answers for every form of a number; this one the loop does not know itself.
        let resolution = try Resolution(host: "127.0.0.1", port: port)
        recorder.loop.resolutions[3] = (resolution, 40)
        try recorder.loop.epoll.add(
            resolution.wakeup.descriptor, .input, Source(.resolution, 3))
        try resolution.start()
        recorder.drive("both ends open", until: { recorder.heard.count == 2 })
        #expect(recorder.heard.contains { if case .opened(_, 40) = $0 { true } else { false } })
    }

    @Test func unixSocketsByPath() throws {
        let path = temporaryPath("dial.sock")
        let loop = try EventLoop(handlesSignals: false)
        try loop.listen(on: .unix(path), tag: 1)
        let recorder = Recorder(loop)
        loop.dial(host: path, port: 0, tag: 2)
        recorder.drive("both ends open", until: { recorder.heard.count == 2 })
        #expect(Set(recorder.peers.values) == [.unix])
    }

    @Test func aDialThatIsNotAnsweredTimesOut() throws {
        // A full backlog does not answer: Linux drops the handshake's last packets there.
        let listener = try ListenAddress.tcp(host: "127.0.0.1", port: 0).open(backlog: 0)[0]
        defer { close(listener) }
        let port = SocketAddress(boundTo: listener).port
        let recorder = Recorder(try EventLoop(handlesSignals: false))
        recorder.loop.dialTimeout = .milliseconds(50)
        for tag in 0..<4 { recorder.loop.dial(host: "127.0.0.1", port: port, tag: tag) }
        recorder.drive("all are decided", until: { recorder.heard.count == 4 })
        let text = "connect 127.0.0.1:\(port): Connection timed out"
        #expect((0..<4).contains { recorder.heard.contains(.dialFailed(tag: $0, text)) })
    }
}
