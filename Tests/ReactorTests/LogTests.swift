// SPDX-License-Identifier: Apache-2.0
//
// Lines as people see them, lines as journald gets them, and what happens when nobody reads.

import CEpoll
import Glibc
import Testing

@testable import Reactor

@Suite struct LogTests {
    private let step = LogLine(
        .information, "[2/4] send PUBREC   plc-line1  mid=17", tint: .outgoing)

    private func text(
        _ line: LogLine, time: Bool = false, colors: Bool = false, column: String? = nil,
        priority: Bool = false
    ) -> String {
        let text = LogText(
            time: time ? .clock : nil, programColumn: column, colors: colors,
            showsPriority: priority)
        return String(decoding: text.bytes(of: line, at: 1_700_000_003_412_999_999), as: UTF8.self)
    }

    @Test func plain() {
        #expect(text(step) == "[2/4] send PUBREC   plc-line1  mid=17")
        #expect(text(step, priority: true) == "<6>[2/4] send PUBREC   plc-line1  mid=17")
        #expect(
            text(step, column: "qos2-broker")
                == "qos2-broker         [2/4] send PUBREC   plc-line1  mid=17")
    }

    @Test func timeComesFirst() {
        let line = text(step, time: true, column: "database-subscriber")
        let clock = line.prefix(12)
        #expect(clock.dropFirst(2).hasPrefix(":") && clock.hasSuffix("23.412"))
        #expect(line.dropFirst(12) == " database-subscriber [2/4] send PUBREC   plc-line1  mid=17")
    }

    @Test func timeAsSomebodyWantsIt() {
        let text = LogText(
            time: .format("%Y-%m at"), programColumn: nil, colors: false, showsPriority: false)
        let line = text.bytes(of: LogLine(.notice, "x"), at: 1_700_000_003_412_999_999)
        #expect(String(decoding: line, as: UTF8.self) == "2023-11 at x")
    }

    @Test func prioritiesAreASet() {
        var priorities = Priorities.through(.error)
        #expect(priorities.contains(.critical) && !priorities.contains(.warning))
        priorities.insert(.debug)
        #expect(priorities.contains(.debug) && !priorities.contains(.information))
    }

    @Test func severalDestinationsGetTheSameLines() {
        let (first, firstEnd) = pipeEnds()
        let (second, secondEnd) = pipeEnds()
        defer { for end in [first, firstEnd, second, secondEnd] { close(end) } }
        let log = Log(
            program: "p", to: [.descriptor(firstEnd), .descriptor(secondEnd)], showsProgram: false)
        var heard: [String] = []
        log.listener = { heard.append($0.message) }
        log.write(.notice, "both")
        log.write(.debug, "nobody")
        #expect(read(first) == "both\n" && read(second) == "both\n" && heard == ["both"])
        log.redirect(to: [.descriptor(secondEnd)], time: .never)
        log.writeAlways(LogLine(.debug, "one"))
        #expect(read(first) == "" && read(second) == "one\n")
        log.redirect(to: [.none], time: .never)
        log.write(.notice, "no more")
        #expect(read(second) == "" && heard == ["both", "one", "no more"])
    }

    /// Text on a terminal has none of them, and to make them takes as long as to make the text.
    @Test func fieldsAreMadeWhereSomebodyReadsThem() {
        let (first, firstEnd) = pipeEnds()
        defer { for end in [first, firstEnd] { close(end) } }
        let log = Log(program: "p", to: [.descriptor(firstEnd)], showsProgram: false)
        var made = 0
        func field() -> [LogField] {
            made += 1
            return [LogField("MQTT_CLIENT", "plc")]
        }
        log.write(.notice, "nobody reads its fields", fields: field())
        #expect(made == 0)
        var heard: [LogField] = []
        log.listener = { heard += $0.fields }
        log.write(.notice, "one that is heard", fields: field())
        #expect(made == 1 && heard == field())
    }

    @Test func oneFullDestinationCostsTheOthersNothing() {
        let (full, fullEnd) = pipeEnds()
        let (reader, writer) = pipeEnds()
        defer { for end in [full, fullEnd, reader, writer] { close(end) } }
        let log = Log(
            program: "p", to: [.descriptor(fullEnd), .descriptor(writer)], showsProgram: false)
        let line = LogLine(.information, String(repeating: "x", count: 3000))
        while log.linesLost == 0 {
            log.write(line)
            #expect(read(reader).count == 3001)
        }
        log.write(.notice, "on")
        #expect(read(reader) == "on\n" && log.linesLost == 2)
    }

    @Test func colors() {
        #expect(
            text(step, colors: true)
                == "\u{1B}[2m[2/4]\u{1B}[0m\u{1B}[32m send PUBREC   plc-line1  mid=17\u{1B}[0m")
        let tints: [(Tint, String)] = [(.incoming, "36"), (.warning, "33"), (.failure, "31")]
        for (tint, code) in tints {
            #expect(
                text(LogLine(.warning, "x", tint: tint), colors: true)
                    == "\u{1B}[\(code)mx\u{1B}[0m")
        }
        #expect(text(LogLine(.warning, "x"), colors: true) == "x")
    }

    @Test func strangersCannotBreakTheLineOrSteerTheTerminal() {
        let line = LogLine(.notice, "client a\nb\u{1B}[2J\u{7F}\u{9B}31m 24.71 °C")
        #expect(text(line) == "client a\\nb\\x1B[2J\\x7F\\x9B31m 24.71 °C")
    }

    @Test func longLinesAreCutBetweenCharacters() {
        let long = Array(String(repeating: "ä", count: 10).utf8)
        #expect(String(decoding: LogText.cut(long, to: 12), as: UTF8.self) == "ääää…")
        #expect(LogText.cut(long, to: 20) == long)
    }

    @Test func aPipeGetsPlainLines() throws {
        let (reader, writer) = pipeEnds()
        defer { close(reader); close(writer) }
        let log = Log(program: "p", to: .descriptor(writer), showsProgram: false)
        log.write(step)
        log.write(.debug, "not shown")
        log.write(.error, "bad", tint: .failure)
        #expect(read(reader) == "[2/4] send PUBREC   plc-line1  mid=17\nbad\n")
        #expect(log.shows(.information) && !log.shows(.debug))
        log.priorities = .through(.debug)
        log.write(.debug, "shown")
        #expect(read(reader) == "shown\n")
    }

    @Test func aFullPipeLosesLinesInsteadOfTime() throws {
        let (reader, writer) = pipeEnds()
        defer { close(reader); close(writer) }
        let log = Log(program: "p", to: .descriptor(writer), showsProgram: false)
        let line = LogLine(.information, String(repeating: "x", count: 3000))
        var written = 0
        while log.linesLost == 0 {
            log.write(line)
            written += 1
        }
        for _ in 0..<4 { log.write(line) }
        #expect(log.linesLost == 5 && log.hasBacklog)
        while !read(reader).isEmpty {}
        log.flush()
        #expect(
            read(reader)
                == "5 log lines lost: they came faster than they could be written\n")
        #expect(!log.hasBacklog)
        log.write(.notice, "again")
        #expect(read(reader) == "again\n")
        #expect(written > 10)
    }

    @Test func aLongLineIsOnePieceOfAPipe() {
        let (reader, writer) = pipeEnds()
        defer { close(reader); close(writer) }
        let log = Log(program: "p", to: .descriptor(writer), showsProgram: false)
        log.write(.notice, String(repeating: "y", count: 10_000))
        let line = read(reader)
        #expect(line.utf8.count == 4096 && line.hasSuffix("…\n"))
    }

    @Test func journaldIsRecognisedByItsStream() {
        let (reader, writer) = pipeEnds()
        defer { close(reader); close(writer) }
        var status = stat()
        fstat(writer, &status)
        #expect(LogSink.journalReads(writer, stream: "\(status.st_dev):\(status.st_ino)"))
        #expect(!LogSink.journalReads(writer, stream: "\(status.st_dev):\(status.st_ino + 1)"))
        #expect(!LogSink.journalReads(writer, stream: nil))
    }

    private func pipeEnds() -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [0, 0]
        precondition(pipe(&ends) == 0)
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return (ends[0], ends[1])
    }

    private func read(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = max(0, Glibc.read(descriptor, &bytes, bytes.count))
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}

@Suite struct JournalSocketTests {
    /// journald's place, taken by the test.
    private func fakeJournal() -> (path: String, descriptor: Int32) {
        let path = temporaryPath("journal.sock")
        let descriptor = cepoll_socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue))
        precondition(SocketAddress.unix(path)!.bind(descriptor) == 0)
        return (path, descriptor)
    }

    private func datagram(_ descriptor: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count < 0 ? nil : Array(bytes[..<count])
    }

    @Test func fieldsAsJournaldReadsThem() {
        let (path, journal) = fakeJournal()
        defer { close(journal) }
        let log = Log(program: "qos2-broker", to: .journal(path: path))
        log.write(
            LogLine(
                .information, "[1/4] recv PUBLISH  plc-line1",
                kind: "5B0B8F0E-3f0d-4f3a-9a0f-7d1d3c6e2a41", tint: .incoming,
                fields: [LogField("MQTT_CLIENT", "plc-line1"), LogField("MQTT_MID", "17")]))
        #expect(
            datagram(journal).map { String(decoding: $0, as: UTF8.self) } == """
                MESSAGE=[1/4] recv PUBLISH  plc-line1
                PRIORITY=6
                SYSLOG_IDENTIFIER=qos2-broker
                MESSAGE_ID=5b0b8f0e3f0d4f3a9a0f7d1d3c6e2a41
                MQTT_CLIENT=plc-line1
                MQTT_MID=17

                """)
    }

    @Test func syslogReadsItsOldForm() {
        let (path, syslog) = fakeJournal()
        defer { close(syslog) }
        let log = Log(program: "qos2-broker", to: .syslog(facility: 5, path: path))
        log.write(.warning, "two\nlines", fields: [LogField("A", "b")])
        let line = String(decoding: datagram(syslog) ?? [], as: UTF8.self)
        #expect(line.hasPrefix("<172>"), "local5 is 21, warning 4")
        #expect(line.hasSuffix(" qos2-broker[\(getpid())]: two\\nlines"))
        let known = SyslogDatagram(
            LogLine(.notice, "m"), facility: 3, program: "p", at: 1_700_000_003_000_000_000,
            process: 7)
        let text = String(decoding: known.bytes, as: UTF8.self)
        #expect(text.hasPrefix("<29>Nov 1") && text.hasSuffix(" p[7]: m"))
    }

    @Test func aMissingSyslogCostsLinesAndNothingElse() {
        let log = Log(program: "p", to: .syslog(facility: nil, path: temporaryPath("none.sock")))
        log.write(.notice, "x")
        #expect(log.hasBacklog || log.linesLost == 1)
    }

    @Test func valuesWithLineBreaksAreCounted() {
        let line = LogLine(.error, "m", fields: [LogField("X", "a\nMESSAGE=b")])
        let bytes = JournalDatagram(line, identifier: "p").bytes
        let expected =
            Array("MESSAGE=m\nPRIORITY=3\nSYSLOG_IDENTIFIER=p\nX\n".utf8)
            + [11, 0, 0, 0, 0, 0, 0, 0] + Array("a\nMESSAGE=b\n".utf8)
        #expect(bytes == expected)
    }

    @Test func aStoppedJournaldCostsLinesNotTime() throws {
        let (path, journal) = fakeJournal()
        defer { close(journal) }
        let log = Log(program: "p", to: .journal(path: path))
        let message = String(repeating: "x", count: 2000)
        let begin = monotonicNanoseconds()
        var written = 0
        while log.linesLost < 7 {
            log.write(.notice, message)
            written += 1
        }
        #expect(monotonicNanoseconds() - begin < 2_000_000_000)
        #expect(log.hasBacklog)
        // journald comes back: everything but the lost lines arrives, and then the count of those.
        var lines: [String] = []
        for _ in 0..<10_000 where log.hasBacklog || lines.isEmpty {
            while let bytes = datagram(journal) {
                lines.append(String(decoding: bytes, as: UTF8.self))
            }
            log.flush()
        }
        while let bytes = datagram(journal) { lines.append(String(decoding: bytes, as: UTF8.self)) }
        #expect(lines.count == written - 7 + 1)
        let last = try #require(lines.last)
        #expect(last.hasPrefix("MESSAGE=7 log lines lost") && last.contains("\nLOG_LINES_LOST=7\n"))
        #expect(!log.hasBacklog)
    }

    @Test func aHugeLineGoesAsMemory() throws {
        let (path, journal) = fakeJournal()
        defer { close(journal) }
        var socket = try DatagramSocket(path: path)
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 12 << 20)
        let isSent = socket.send(line)
        let waits = socket.hasBacklog
        #expect(isSent && !waits)
        let memory = cepoll_receive_descriptor(journal)
        try #require(memory >= 0)
        defer { close(memory) }
        var status = stat()
        fstat(memory, &status)
        #expect(status.st_size == line.count)
        #expect(write(memory, "y", 1) < 0, "it is sealed")
    }

    @Test func theLoopWritesWhatWaits() throws {
        let (path, journal) = fakeJournal()
        defer { close(journal) }
        let recorder = Recorder(try EventLoop(handlesSignals: false))
        let log = Log(program: "p", to: .journal(path: path))
        recorder.loop.log = log
        while !log.hasBacklog { log.write(.notice, "line") }
        recorder.drive(
            "the backlog is written",
            until: {
                while datagram(journal) != nil {}
                return !log.hasBacklog
            })
        #expect(log.linesLost == 0)
    }
}
