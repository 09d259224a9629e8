// SPDX-License-Identifier: Apache-2.0
// Records found in place, and everything that is none.
import Testing

@testable import Journal

@Suite struct RecordTests {
    private func read(_ bytes: [UInt8], at: Int = 0) throws -> Record? {
        try Record.read(bytes.span, at: at)
    }

    @Test func recordsFollowEachOther() throws {
        let bytes: [UInt8] = [0x34, 0x12, 0, 0, 2, 0, 0, 0, 9, 8, 1, 0, 0, 0, 0, 0, 0, 0]
        #expect(try read(bytes) == Record(kind: 0x1234, content: 8..<10))
        #expect(try read(bytes, at: 10) == Record(kind: 1, content: 18..<18))
        #expect(try read(bytes, at: 18) == nil)
        #expect(try read([]) == nil)
    }

    @Test func aTornRecordIsRefusedAtEveryByte() {
        let bytes: [UInt8] = [1, 0, 0, 0, 3, 0, 0, 0, 7, 7, 7]
        for cut in 1..<bytes.count {
            #expect(throws: RecordError.truncated(at: 0)) { try read(Array(bytes[..<cut])) }
        }
    }

    @Test func reservedBytesMustBeZero() {
        for at in 2...3 {
            var bytes: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
            bytes[at] = 1
            #expect(throws: RecordError.malformed(at: 0)) { try read(bytes) }
        }
    }

    @Test func theLargestLengthIsNoTrap() {
        #expect(throws: RecordError.truncated(at: 0)) {
            try read([1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF])
        }
    }

    @Test func garbageIsReadOrRefused() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...3, using: &random)
            }
            var at = 0
            while let record = try? read(bytes, at: at) {
                #expect(record.content.lowerBound == at + Record.headerSize)
                #expect(record.content.upperBound <= bytes.count)
                at = record.content.upperBound
            }
        }
    }
}
