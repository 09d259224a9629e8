// SPDX-License-Identifier: Apache-2.0
//
// What a publisher says after SIGKILL, byte by byte, to a server that the test speaks for: the same
// session, the same identifiers, DUP, the old order, and an owed PUBREL stays a PUBREL.
import Foundation
import Testing

@Suite(.serialized) struct CrashAndResend {
    private static let window = 6

    @Test(arguments: ["5", "3.1.1"])
    func whatWasOnItsWayIsSaidAgain(version: String) throws {
        let stage = try Stage()
        let server = try ScriptedServer(port: stage.port)
        func start() throws -> Program {
            try stage.startPublisher(
                "protocol \(version)", command: ["emit", "--rate", "1000", "--last", "10"])
        }
        // CONNACK of a server that takes six at one time; MQTT 3.1.1 cannot say that.
        func connack(present: Bool) -> [UInt8] {
            let flag: UInt8 = present ? 1 : 0
            return version == "5"
                ? [0x20, 6, flag, 0, 3, 0x21, 0, UInt8(Self.window)] : [0x20, 2, flag, 0]
        }
        let first = try start()
        let connect = try server.accept()
        #expect(connect.kind == 1)
        #expect(isCleanStart(connect) == (version == "5"))
        try server.send(connack(present: false))
        let expected = version == "5" ? Self.window : 10
        var sent: [Packet] = []
        for _ in 0..<expected { sent.append(try server.receive()) }
        #expect(sent.map(\.kind) == Array(repeating: 3, count: expected))
        #expect(sent.allSatisfy { !$0.isDuplicate })
        for (index, packet) in sent.enumerated() {
            #expect(packet.contains("\"seq\":\(index + 1),"), "in order")
        }
        // The second and the first are acknowledged, in this order; PUBREL follows each.
        for packet in [sent[1], sent[0]] {
            try server.send([0x50, 2] + bytes(packet.publishID))
            let release = try server.receive()
            #expect(release.first == 0x62 && release.id == packet.publishID)
        }
        first.crash()

        let second = try start()
        #expect(!isCleanStart(try server.accept()), "the session goes on")
        try server.send(connack(present: true))
        var owed: [Packet] = []
        for _ in 0..<2 { owed.append(try server.receive()) }
        #expect(owed.map(\.first) == [0x62, 0x62], "PUBREL, never PUBLISH")
        #expect(owed.map(\.id) == [sent[0].publishID, sent[1].publishID])
        for packet in sent[2...] {
            let again = try server.receive()
            #expect(again.kind == 3 && again.isDuplicate)
            #expect(again.body == packet.body, "same identifier, same reading, same order")
        }
        // PUBCOMP for the first: its place, but not its identifier, goes to the next reading.
        if version == "5" {
            try server.send([0x70, 2] + bytes(sent[0].publishID))
            let next = try server.receive()
            #expect(next.kind == 3 && !next.isDuplicate)
            #expect(!sent.map(\.publishID).contains(next.publishID))
            #expect(next.contains("\"seq\":\(Self.window + 1),"))
        }
        second.crash()
    }

    private func bytes(_ id: UInt16) -> [UInt8] { [UInt8(id >> 8), UInt8(id & 0xFF)] }

    /// The flags are behind the name and the level.
    private func isCleanStart(_ connect: Packet) -> Bool { connect.body[7] & 0b10 != 0 }
}
