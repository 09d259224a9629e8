// SPDX-License-Identifier: Apache-2.0
//
// A server that a test speaks for, byte by byte: it accepts one connection after the other, takes
// apart what comes, and answers what the test says. It knows of MQTT only where packets begin and end.
import Glibc
import Testing

/// One packet: its first byte and everything behind the length.
struct Packet: Equatable {
    let first: UInt8
    let body: [UInt8]

    var kind: UInt8 { first >> 4 }
    var isDuplicate: Bool { first & 0b1000 != 0 }

    /// Of PUBLISH with QoS 2: the topic, then the identifier.
    var publishID: UInt16 {
        let topic = Int(body[0]) << 8 | Int(body[1])
        return UInt16(body[2 + topic]) << 8 | UInt16(body[3 + topic])
    }

    /// Of an acknowledgement.
    var id: UInt16 { UInt16(body[0]) << 8 | UInt16(body[1]) }

    func contains(_ text: String) -> Bool {
        String(decoding: body, as: UTF8.self).contains(text)
    }
}

final class ScriptedServer {
    private let listener: Int32
    private var connection: Int32 = -1

    init(port: UInt16) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) }
        }
        try #require(isBound == 0 && listen(listener, 8) == 0)
    }

    deinit {
        close(listener)
        if connection >= 0 { close(connection) }
    }

    /// The next connection, and its CONNECT.
    func accept() throws -> Packet {
        if connection >= 0 { close(connection) }
        connection = Glibc.accept(listener, nil, nil)
        try #require(connection >= 0)
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(
            connection, SOL_SOCKET, SO_RCVTIMEO, &patience,
            socklen_t(MemoryLayout<timeval>.size))
        return try receive()
    }

    func send(_ bytes: [UInt8]) throws {
        try #require(write(connection, bytes, bytes.count) == bytes.count)
    }

    /// The next packet; fails after ten seconds.
    func receive() throws -> Packet {
        let first = try take(1)[0]
        var length = 0
        var shift = 0
        while true {
            let byte = try take(1)[0]
            length |= Int(byte & 0x7F) << shift
            shift += 7
            if byte < 0x80 { break }
        }
        return Packet(first: first, body: try take(length))
    }

    private func take(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var piece = [UInt8](repeating: 0, count: count - bytes.count)
            let got = read(connection, &piece, piece.count)
            try #require(got > 0, "the connection ended or was silent")
            bytes += piece[..<got]
        }
        return bytes
    }
}
