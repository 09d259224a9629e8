// SPDX-License-Identifier: Apache-2.0
// One file as programs see it, and as a power cut would leave it: what was synced is certain, of
// what was written since each sector holds some version between the two. Names belong to folders.

final class StoredFile {
    private enum Change {
        case write(at: Int, [UInt8])
        case resize(Int)
    }

    /// What programs read.
    let content = Bytes()
    /// What is certainly on the disk.
    private let durable = Bytes()
    private var unsynced: [Change] = []

    var unsyncedCount: Int { unsynced.count }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        content.write(bytes, at: offset)
        let kept = [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, count in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
            count = bytes.count
        }
        unsynced.append(.write(at: offset, kept))
    }

    func resize(to size: Int) {
        guard size != content.count else { return }
        content.resize(to: size)
        unsynced.append(.resize(size))
    }

    func sync() {
        for change in unsynced {
            switch change {
            case .write(let offset, let bytes):
                bytes.withUnsafeBytes { durable.write($0, at: offset) }
            case .resize(let size): durable.resize(to: size)
            }
        }
        unsynced = []
    }

    /// A sync has failed. As Linux does it: the disk does not have what was written, the next sync
    /// finds nothing to do, and programs go on reading what the kernel keeps in its cache, until
    /// that is dropped and read anew from here.
    func failSync() {
        content.copy(durable)
        unsynced = []
    }

    /// Flips one bit in each of these bytes, on the disk and for all readers.
    func damage(_ range: Range<Int>, using random: inout SplitMix64) {
        for place in range.clamped(to: 0..<durable.count) {
            let byte =
                durable.part(place..<(place + 1))[0]
                ^ (1 << UInt8.random(in: 0..<8, using: &random))
            withUnsafeBytes(of: byte) { durable.overwrite($0, at: place) }
        }
        content.copy(durable)
        unsynced = []
    }

    /// The power is gone, and the file is what the disk has.
    func cut(leaving remains: Remains, using random: inout SplitMix64) {
        let resizes = Int.random(in: 0...unsynced.count, using: &random)
        let share = [0, 0.1, 0.5, 0.9, 1].randomElement(using: &random)!
        let sector = [512, 4096].randomElement(using: &random)!
        var stopped: Set<Int> = []
        for (index, change) in unsynced.enumerated() {
            switch change {
            case .resize(let size):
                if index < resizes { durable.resize(to: size) }
            case .write(let offset, let bytes):
                if index < resizes, offset + bytes.count > durable.count {
                    durable.resize(to: offset + bytes.count)
                }
                bytes.withUnsafeBytes { bytes in
                    for piece in Self.pieces(of: bytes, at: offset, sector) {
                        let number = piece.offset / sector
                        if !stopped.contains(number), random.happens(share) {
                            durable.overwrite(piece.bytes, at: piece.offset)
                        } else {
                            // A later version of a sector never came before an earlier one.
                            stopped.insert(number)
                            leave(remains, of: piece, using: &random)
                        }
                    }
                }
            }
        }
        content.copy(durable)
        unsynced = []
    }

    private struct Piece {
        let offset: Int
        let bytes: UnsafeRawBufferPointer
    }

    /// A write, cut where sectors end.
    private static func pieces(
        of bytes: UnsafeRawBufferPointer, at offset: Int, _ sector: Int
    ) -> [Piece] {
        var pieces: [Piece] = []
        var at = 0
        while at < bytes.count {
            let end = min(bytes.count, ((offset + at) / sector + 1) * sector - offset)
            pieces.append(
                Piece(offset: offset + at, bytes: UnsafeRawBufferPointer(rebasing: bytes[at..<end]))
            )
            at = end
        }
        return pieces
    }

    /// What lies where a write did not arrive. Bytes beside it in its sector stay as they were
    /// synced: a disk that breaks those keeps no promise at all.
    private func leave(_ remains: Remains, of piece: Piece, using random: inout SplitMix64) {
        guard remains == .garbage else { return }
        var bytes = [UInt8](piece.bytes)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return
        case 1: bytes = bytes.map { _ in 0 }
        case 2: bytes = bytes.map { _ in UInt8.random(in: 0...255, using: &random) }
        default:
            let place = bytes.indices.randomElement(using: &random)!
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
        bytes.withUnsafeBytes { durable.overwrite($0, at: piece.offset) }
    }
}

/// What a power cut leaves where a write was on its way.
enum Remains {
    /// Nothing, or a part of it.
    case older
    /// Also bytes that nobody wrote.
    case garbage
}
