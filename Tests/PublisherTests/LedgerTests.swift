// SPDX-License-Identifier: Apache-2.0
//
// The ledger: whole lines, whatever ended the process before.
import Foundation
import Reactor
import Testing

@testable import plc_publisher

@Suite struct LedgerTests {
    private let file = FileManager.default.temporaryDirectory
        .appending(path: "ledger-\(UUID().uuidString)")

    private func lines(_ payloads: [String]) throws -> String {
        let ledger = try Ledger(file.path)
        for payload in payloads { try ledger.append(Array(payload.utf8)) }
        return try String(contentsOf: file, encoding: .utf8)
    }

    @Test func eachReadingIsALine() throws {
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try lines(["{1}", "{2}"]) == "{1}\n{2}\n")
        #expect(try lines(["{2}", "{3}"]) == "{1}\n{2}\n{2}\n{3}\n", "another process")
    }

    /// What is behind the last line end is of a reading that was never taken.
    @Test func anUnfinishedLineIsCut() throws {
        defer { try? FileManager.default.removeItem(at: file) }
        let long = String(repeating: "x", count: 200_000)
        for (before, after) in [
            ("{1}\n{2", "{1}\n"), ("{1", ""), ("", ""), ("{1}\n\(long)", "{1}\n"),
            (long, ""), ("{1}\n", "{1}\n"),
        ] {
            try before.write(to: file, atomically: false, encoding: .utf8)
            #expect(try lines(["{9}"]) == after + "{9}\n")
        }
    }

    /// A disk without room: the line is not there in part, and the error says what it is.
    @Test func aLineIsWrittenWholeOrNotAtAll() throws {
        let full = try Ledger("/dev/full")
        #expect { try full.append([1]) } throws: { error in
            (error as? SystemError)?.isFull == true
        }
    }
}
