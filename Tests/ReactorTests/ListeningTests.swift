// SPDX-License-Identifier: Apache-2.0
//
// Where the loop listens, whom it lets in, and what it says when it cannot.

import Glibc
import Testing

@testable import Reactor

@Suite struct ListeningTests {
    @Test func aBusyPortIsToldInOneLine() throws {
        let (_, port) = try listening()
        let other = try EventLoop(handlesSignals: false)
        let error = #expect(throws: SystemError.self) {
            try other.listen(on: .tcp(host: "127.0.0.1", port: port), tag: 1)
        }
        #expect(error?.description == "bind 127.0.0.1:\(port): Address already in use")
        #expect(other.boundPort(tag: 1) == nil)
    }

    @Test func ipv6PeersAreWrittenInBrackets() throws {
        let loop = try EventLoop(handlesSignals: false)
        try loop.listen(on: .tcp(host: "::1", port: 0), tag: 3)
        let recorder = Recorder(loop)
        let socket = try Socket(connectedTo: try #require(loop.boundPort(tag: 3)), host: "::1")
        recorder.drive("it opens", until: { recorder.heard == [.opened(0, tag: 3)] })
        let port = SocketAddress(boundTo: socket.descriptor).port
        #expect(recorder.peers[0]?.description == "[::1]:\(port)")
        #expect(recorder.peers[0]?.isLoopback == true)
    }

    @Test func peersAreWrittenAsPeopleWriteThem() throws {
        #expect(Peer.ipv4(10, 0, 0, 7, port: 40112).description == "10.0.0.7:40112")
        #expect(Peer.ipv4(255, 250, 109, 100, port: 65535).description == "255.250.109.100:65535")
        #expect(Peer.ipv4(10, 0, 0, 7, port: 1).host == "10.0.0.7")
        #expect(!Peer.ipv4(10, 0, 0, 7, port: 1).isLoopback)
        #expect(Peer.ipv4(127, 0, 0, 9, port: 1).isLoopback)
        #expect(Peer.unix.description == "unix")
        let mine = try #require(
            try SocketAddress.resolve("fd00::12", port: 4711, numericOnly: true).first)
        #expect(Peer(mine).description == "[fd00::12]:4711")
        #expect(!Peer(mine).isLoopback)
    }

    @Test func everyAddressOfTheMachineSharesThePort() throws {
        let loop = try EventLoop(handlesSignals: false)
        try loop.listen(on: .tcp(host: "", port: 0), tag: 1)
        let recorder = Recorder(loop)
        let port = try #require(loop.boundPort(tag: 1))
        let sockets = try ["127.0.0.1", "::1"].map { try Socket(connectedTo: port, host: $0) }
        recorder.drive("both open", until: { recorder.heard.count == sockets.count })
        let hosts = Set(recorder.peers.values.map(\.host))
        #expect(hosts == ["127.0.0.1", "::1"])
    }

    @Test func unixSocketsReplaceWhatACrashLeft() throws {
        let path = temporaryPath("loop.sock")
        // As a crash leaves it: the file is there, and nobody listens.
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #expect(SocketAddress.unix(path)!.bind(dead) == 0)
        close(dead)

        var loop: EventLoop? = try EventLoop(handlesSignals: false)
        try loop!.listen(on: .unix(path), tag: 1)
        let recorder = Recorder(loop!)
        let peer = unixSocket(path)
        recorder.echoes = true
        peer.send(framed([1, 2]))
        recorder.drive(
            "the echo",
            until: {
                peer.take(); return peer.received == framed([1, 2])
            })
        #expect(recorder.peers[0] == .unix)

        // Somebody answers there: the path is taken.
        let other = try EventLoop(handlesSignals: false)
        let error = #expect(throws: SystemError.self) {
            try other.listen(on: .unix(path), tag: 1)
        }
        #expect(error?.description == "bind \(path): Address already in use")

        loop!.service = nil
        loop!.stopListening(tag: 1)
        loop = nil
        #expect(access(path, F_OK) != 0, "the socket file goes with its listener")
    }

    @Test func aFileThatIsNoSocketIsLeftAlone() throws {
        let path = temporaryPath("precious")
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        let loop = try EventLoop(handlesSignals: false)
        let error = #expect(throws: SystemError.self) { try loop.listen(on: .unix(path), tag: 1) }
        #expect(error?.errno == EADDRINUSE)
        #expect(access(path, F_OK) == 0)
        let long = "/tmp/" + String(repeating: "x", count: 200)
        let tooLong = #expect(throws: SystemError.self) {
            try loop.listen(on: .unix(long), tag: 1)
        }
        #expect(tooLong?.errno == ENAMETOOLONG)
    }

    @Test func passedSocketsAreTakenOverIfTheyListen() throws {
        let passed = try ListenAddress.tcp(host: "127.0.0.1", port: 0).open(backlog: 5)[0]
        let loop = try EventLoop(handlesSignals: false)
        try loop.listen(on: .passed(passed), tag: 9)
        let recorder = Recorder(loop)
        let socket = try Socket(connectedTo: try #require(loop.boundPort(tag: 9)))
        recorder.drive("it opens", until: { recorder.heard == [.opened(0, tag: 9)] })
        let error = #expect(throws: SystemError.self) {
            try loop.listen(on: .passed(socket.descriptor), tag: 10)
        }
        #expect(
            error?.description
                == "listen passed descriptor \(socket.descriptor): Invalid argument")
    }

    @Test func limitsRefuseAtOnceAndCount() throws {
        let (recorder, port) = try listening()
        recorder.loop.connectionsMax = 2
        let sockets = try (0..<4).map { _ in try Socket(connectedTo: port) }
        recorder.drive("two are refused", until: { recorder.loop.statistics.refused == 2 })
        #expect(recorder.loop.statistics.accepted == 2)
        #expect(recorder.heard.count == 2)
        let ended = sockets.map { socket in
            socket.take()
            return socket.hasEnded
        }
        #expect(ended == [false, false, true, true])
        // A place that becomes free is given again.
        recorder.loop.close(0)
        let next = try Socket(connectedTo: port)
        recorder.drive("it opens", until: { recorder.loop.statistics.accepted == 3 })
        next.take()
        #expect(!next.hasEnded)
    }

    @Test func aListenersOwnLimit() throws {
        let loop = try EventLoop(handlesSignals: false)
        try loop.listen(on: .tcp(host: "127.0.0.1", port: 0), tag: 1, connectionsMax: 1)
        try loop.listen(on: .tcp(host: "127.0.0.1", port: 0), tag: 2)
        let recorder = Recorder(loop)
        let sockets = try [1, 1, 2, 2].map { try Socket(connectedTo: loop.boundPort(tag: $0)!) }
        recorder.drive(
            "three of four open", until: { loop.statistics.accepted == sockets.count - 1 })
        #expect(loop.statistics.refused == 1)
    }

    @Test func aLimitHoldsForAllAddressesOfATag() throws {
        let loop = try EventLoop(handlesSignals: false)
        try loop.listen(on: .tcp(host: "127.0.0.1", port: 0), tag: 1, connectionsMax: 2)
        let port = loop.boundPort(tag: 1)!
        try loop.listen(on: .tcp(host: "127.0.0.2", port: port), tag: 1, connectionsMax: 2)
        loop.setConnectionsMax(1, tag: 1)
        let recorder = Recorder(loop)
        let first = try Socket(connectedTo: port)
        recorder.drive("one opens", until: { loop.statistics.accepted == 1 })
        let other = try Socket(connectedTo: port, host: "127.0.0.2")
        recorder.drive("one is refused", until: { loop.statistics.refused == 1 })
        #expect(loop.statistics.accepted == 1)
        first.take()
        other.take()
        #expect(!first.hasEnded && other.hasEnded)
    }

    @Test func aListenerOfOneFamilyOrInterface() throws {
        let loop = try EventLoop(handlesSignals: false)
        try loop.listen(on: .tcp(host: "", port: 0), ListenScope(family: .ipv4), tag: 1)
        #expect(loop.listeners.count == 1)
        #expect(throws: SystemError.self) {
            try loop.listen(
                on: .tcp(host: "127.0.0.1", port: 0), ListenScope(family: .ipv6), tag: 2)
        }
        #expect(throws: SystemError.self) {
            try loop.listen(
                on: .tcp(host: "", port: 0), ListenScope(interface: "no such"), tag: 2)
        }
        #expect(loop.listeners.count == 1)
        // The interface takes the place of the address, which is not of this machine.
        let scope = ListenScope(family: .ipv4, interface: "lo")
        try loop.listen(on: .tcp(host: "192.0.2.1", port: 0), scope, tag: 3)
        let recorder = Recorder(loop)
        let socket = try Socket(connectedTo: loop.boundPort(tag: 3)!)
        recorder.drive("it opens", until: { loop.statistics.accepted == 1 })
        socket.take()
        #expect(!socket.hasEnded)
    }

    @Test func outOfDescriptorsThePeerLearnsAtOnce() throws {
        let (recorder, port) = try listening()
        var told: [String] = []
        recorder.loop.troubled = { told.append("\($0)") }
        let socket = try Socket(connectedTo: port)
        recorder.loop.refuseWithReserve(recorder.loop.listeners[0].descriptor)
        recorder.drive(
            "the end",
            until: {
                socket.take(); return socket.hasEnded
            })
        #expect(recorder.heard.isEmpty)
        #expect(recorder.loop.statistics.refused == 1)
        #expect(recorder.loop.reserveDescriptor >= 0)
        #expect(told == ["accept: Too many open files"])
    }

    @Test func withoutAReserveAcceptingPausesAndGoesOn() throws {
        let (recorder, port) = try listening()
        recorder.loop.readClock()
        recorder.loop.pauseAccepting(SystemError(operation: "accept", errno: ENFILE))
        let socket = try Socket(connectedTo: port)
        let begin = recorder.loop.now
        while recorder.heard.isEmpty { recorder.loop.turn() }
        #expect(recorder.loop.now - begin >= .milliseconds(400))
        #expect(recorder.loop.statistics.turns <= 3, "it sleeps over the backlog")
        #expect(recorder.loop.statistics.acceptPauses == 1)
        socket.take()
        #expect(!socket.hasEnded)
    }

    @Test func acceptedSocketsDoNotDelay() throws {
        for wanted in [true, false] {
            let (recorder, port) = try listening()
            recorder.loop.tcpNoDelay = wanted
            let socket = try Socket(connectedTo: port)
            recorder.drive("it opens", until: { !recorder.heard.isEmpty })
            var value: Int32 = -1
            var size = socklen_t(4)
            getsockopt(
                recorder.loop.streams[0].descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &size)
            #expect((value != 0) == wanted)
            socket.take()
        }
    }

    @Test func theDescriptorLimitIsRaised() throws {
        let limit = try raiseDescriptorLimit()
        var now = rlimit()
        getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &now)
        #expect(now.rlim_cur == now.rlim_max && limit == Int(clamping: now.rlim_max))
    }
}
