// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the subscriber share: a folder of their own, a store in it, payloads, and
// questions to the file by a connection that is not the store's.
import Foundation

@testable import database_subscriber

/// 2026-11-23T18:40:00.123Z
let now: Int64 = 1_795_459_200_123_000_000

/// Removed with all it holds when the test ends.
final class Folder {
    let path: String

    init() throws {
        var template = Array("\(NSTemporaryDirectory())/subscriber-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw POSIXError(.EIO)
        }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    var file: String { "\(path)/telemetry.db" }

    /// What a kill or a power cut would leave to the next start: the file and its write-ahead log.
    func snapshot() throws -> String {
        let copy = "\(path)/copy-\(UUID().uuidString).db"
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: file + suffix, toPath: copy + suffix)
        }
        return copy
    }

    func store(clientID: String = "db") throws -> Store {
        try Store(path: file, clientID: clientID, now: now)
    }
}

extension Store {
    func publish(_ packetID: UInt16?, _ payload: String) throws(DatabaseError) -> Outcome {
        try receive(
            packetID: packetID, topic: "sensor/data".utf8Span.span,
            payload: payload.utf8Span.span, receivedAt: now)
    }

    func publish(_ packetID: UInt16?, seq: Int64) throws(DatabaseError) -> Outcome {
        try publish(packetID, reading(seq))
    }
}

func reading(_ seq: Int64, stream: String = "plc-line1", temperature: String = "24.71") -> String {
    """
    {"stream":"\(stream)","seq":\(seq),"ts":"2026-11-23T18:40:00.123Z",\
    "temperature":\(temperature),"pressure":1.42}
    """
}

func line1(_ seq: Int64) -> MessageID {
    MessageID(stream: "plc-line1", seq: seq)
}

/// The rows of an answer, columns joined by `|`, asked beside whoever has the file open.
func ask(_ path: String, _ sql: String, columns: Int32 = 1) throws -> [String] {
    let statement = try Statement(try Database(path: path, .readOnly), sql)
    var rows: [String] = []
    while try statement.step() {
        rows.append((0..<columns).map { statement.text($0) }.joined(separator: "|"))
    }
    return rows
}
