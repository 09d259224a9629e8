// SPDX-License-Identifier: Apache-2.0
// Gated output against a naive model: a list of pieces, each with its gate. Whatever is appended,
// attached, written in parts and made durable, both may send the same bytes at the same time.
import Testing

@testable import Journal

@Suite struct GatedOutputTests {
    /// Pieces in order, each with the gate that it waits for.
    private struct Model {
        var pieces: [(bytes: [UInt8], gate: Gate)] = []
        /// Attachments that have not left whole, as numbers of bytes until their end.
        var attached: [(token: UInt32, rest: Int)] = []

        var pending: Int { pieces.reduce(0) { $0 + $1.bytes.count } }

        /// Everything behind a closed gate waits with it.
        func writable(_ durable: Gate) -> [UInt8] {
            pieces.prefix { $0.gate <= durable }.flatMap(\.bytes)
        }

        mutating func append(_ bytes: [UInt8], _ gate: Gate) { pieces.append((bytes, gate)) }

        mutating func attach(_ bytes: [UInt8], token: UInt32) {
            // It leaves with what was appended in front of it.
            pieces.append((bytes, pieces.map(\.gate).max() ?? .none))
            attached.append((token, pending))
        }

        mutating func wrote(_ count: Int) -> [UInt32] {
            var left = count
            while left > 0 {
                let taken = min(left, pieces[0].bytes.count)
                pieces[0].bytes.removeFirst(taken)
                left -= taken
                if pieces[0].bytes.isEmpty { pieces.removeFirst() }
            }
            for at in attached.indices { attached[at].rest -= count }
            let finished = attached.prefix { $0.rest <= 0 }.map(\.token)
            attached.removeFirst(finished.count)
            return finished
        }
    }

    @Test func itSendsWhatANaiveListWouldSend() {
        for seed in 0..<16 as Range<UInt64> {
            var play = Play(seed: seed)
            for _ in 0..<200 { play.step() }
            play.end()
        }
    }

    /// The output, its model and the gates of a journal that has one batch in flight and one staged.
    private struct Play: ~Copyable {
        private var random: SplitMix64
        private var output = GatedOutput()
        private let pool = BufferPool()
        private var model = Model()
        private var durable: UInt64 = 0
        private var isInFlight = false
        private var isStaged = false
        private var nextByte: UInt8 = 0
        private var nextToken: UInt32 = 0
        /// Memory that attachments point into, until their token comes back.
        private var memory: [UInt32: UnsafeMutableRawBufferPointer] = [:]

        init(seed: UInt64) {
            random = SplitMix64(seed: seed)
        }

        private var now: Gate { Gate(batch: durable) }

        private var tail: Gate {
            Gate(batch: durable + (isInFlight ? 1 : 0) + (isStaged ? 1 : 0))
        }

        mutating func step() {
            switch Int.random(in: 0..<13, using: &random) {
            case 0...3: append()
            case 4: attach()
            case 5: isStaged = true
            case 6: submit()
            case 7: commit()
            case 8: output.giveBack(to: pool)
            case 9: output.borrow(from: pool)
            default: write()
            }
            compare()
        }

        private mutating func submit() {
            guard isStaged, !isInFlight else { return }
            isStaged = false
            isInFlight = true
        }

        private mutating func commit() {
            guard isInFlight else { return }
            isInFlight = false
            durable += 1
        }

        private mutating func bytes(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in
                nextByte &+= 1
                return nextByte
            }
        }

        private mutating func append() {
            let gate = Bool.random(using: &random) ? tail : .none
            let isWord = Int.random(in: 0..<4, using: &random) == 0
            let bytes = bytes(isWord ? 4 : Int.random(in: 1...300, using: &random))
            // Behind a closed gate everything waits.
            model.append(bytes, gate)
            if isWord {
                let word = bytes.reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
                output.append(word: word, behind: gate, durable: now)
            } else {
                let slack = Int.random(in: 0...20, using: &random)
                output.append(atMost: bytes.count + slack, behind: gate, durable: now) { out in
                    for byte in bytes { out.append(byte) }
                }
            }
        }

        private mutating func attach() {
            append()
            let bytes = bytes(Int.random(in: 1...300, using: &random))
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
            copy.copyBytes(from: bytes)
            nextToken += 1
            memory[nextToken] = copy
            output.attach(UnsafeRawBufferPointer(copy), token: nextToken)
            model.attach(bytes, token: nextToken)
        }

        private mutating func gathered(pieces: Int = .max) -> [UInt8] {
            var bytes: [UInt8] = []
            var left = pieces
            output.forEachWritable(durable: now) { piece in
                #expect(!piece.isEmpty, "an empty piece")
                bytes += Array(piece)
                left -= 1
                return left > 0
            }
            return bytes
        }

        private mutating func write() {
            let writable = gathered()
            guard !writable.isEmpty else { return }
            let count = Int.random(in: 1...writable.count, using: &random)
            let givesBack = Bool.random(using: &random)
            let finished =
                (givesBack ? output.wrote(count, givingBackTo: pool) : output.wrote(count)) ?? []
            #expect(finished == model.wrote(count))
            free(finished)
        }

        private mutating func free(_ tokens: [UInt32]) {
            for token in tokens { memory.removeValue(forKey: token)?.deallocate() }
        }

        private mutating func compare() {
            let expected = model.writable(now)
            let actual = gathered()
            #expect(actual == expected)
            #expect(expected.starts(with: gathered(pieces: 1)))
            #expect(output.isWritable(durable: now) == !expected.isEmpty)
            #expect(output.pendingBytes == model.pending)
            #expect(output.hasGated(durable: now) == (expected.count < model.pending))
        }

        mutating func end() {
            let finished = output.removeAll()
            #expect(finished == model.attached.map(\.token))
            #expect(output.isEmpty == true)
            free(finished)
            #expect(memory.isEmpty)
        }
    }

    /// The picture in GatedOutput.swift, in bytes.
    @Test func threeStretchesOpenOneAfterTheOther() {
        var output = GatedOutput()
        for (byte, gate) in [(1, 0), (2, 1), (3, 2)] as [(UInt8, UInt64)] {
            output.append(atMost: 1, behind: Gate(batch: gate), durable: .none) {
                $0.append(byte)
            }
        }
        for durable in 0...2 as ClosedRange<UInt64> {
            var seen: [UInt8] = []
            output.forEachWritable(durable: Gate(batch: durable)) { piece in
                seen += Array(piece)
                return true
            }
            #expect(seen == Array(1...UInt8(durable + 1)))
            #expect(output.hasGated(durable: Gate(batch: durable)) == (durable < 2))
        }
    }
}
