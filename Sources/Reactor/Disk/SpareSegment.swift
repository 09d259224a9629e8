// SPDX-License-Identifier: Apache-2.0
// Keeps one file of zeros ready to become the next segment, made on a thread of its own, in the place of
// a retired one where there is one: a batch never waits for megabytes of zeros, and a disk that fills up
// shows here first, while there is still room to stop taking messages in good order.
import Glibc
import Journal
import Synchronization

final class SpareSegment: Sendable {
    static let name = "spare"
    private static let unfinished = "spare-unfinished"

    let size: Int
    private let disk: PosixDisk
    private let ready = Atomic<Bool>(false)
    private let working = Atomic<Bool>(false)
    private let hadNoRoom: Atomic<Bool>
    /// How far the segment in use is written. Until there is one, nobody waits for a disk.
    private let used = Atomic<Int>(.max)

    /// That there is no room for one is known from here on, not only after the first attempt.
    init(disk: PosixDisk, size: Int) {
        self.disk = disk
        self.size = size
        hadNoRoom = Atomic((try? Self.fits(disk, size)) == false)
    }

    var isReady: Bool { ready.load(ordering: .acquiring) }

    /// There is none, and the last attempt to make one found no room.
    var isMissing: Bool { !isReady && hadNoRoom.load(ordering: .relaxed) }

    /// Makes a spare unless there is one, or one is in the making. Call it again, now and then: it
    /// is also what tries anew after the disk was full.
    func prepare() {
        guard !isReady, working.exchange(true, ordering: .acquiringAndReleasing) == false else {
            return
        }
        do throws(SystemError) {
            try startThread { [self] in
                do throws(DiskError) {
                    let isMade = try make()
                    hadNoRoom.store(!isMade, ordering: .relaxed)
                    ready.store(isMade, ordering: .releasing)
                } catch {
                    // What else goes wrong the next segment meets as well, and tells.
                    hadNoRoom.store(error.isFull, ordering: .relaxed)
                }
                working.store(false, ordering: .releasing)
            }
        } catch {
            working.store(false, ordering: .releasing)
        }
    }

    /// The segment in use is written so far.
    func noteUse(upTo end: Int) {
        used.store(end, ordering: .relaxed)
    }

    /// It has become a segment.
    func wasTaken() {
        precondition(isReady, "there is no spare")
        ready.store(false, ordering: .releasing)
    }

    /// False if there is no room. One that an earlier process left is as good: it holds zeros and at
    /// most a header, which is written over.
    private func make() throws(DiskError) -> Bool {
        if try Self.isThere(disk, size) { return true }
        if try !Self.fits(disk, size) { return false }
        for old in [Self.name, Self.unfinished] { try disk.remove(old) }
        let isRetired = try RetiredSegments(of: size, on: disk).take(as: Self.unfinished)
        let fill = isRetired ? disk.wipe : disk.create
        do throws(DiskError) {
            try fill(Self.unfinished, size, Self.pieceSize, keepPace)
        } catch {
            // What could be had of it is worth more to what is being written now.
            try disk.remove(Self.unfinished)
            throw error
        }
        try disk.rename(Self.unfinished, to: Self.name)
        return true
    }

    /// Whoever syncs meanwhile waits for the zeros too, so they come in small pieces, and twice as fast as
    /// the segment in use fills: then they are there when half of it is full. Where it does not fill,
    /// they take some pauses for each piece.
    private func keepPace(_ made: Int) {
        for _ in 0..<Self.pausesMax
        where Self.isAhead(made, ofUse: used.load(ordering: .relaxed)) {
            usleep(Self.pause)
        }
    }

    static func isAhead(_ made: Int, ofUse used: Int) -> Bool {
        (made - pieceSize) / 2 > used
    }

    static var pieceSize: Int { 256 << 10 }
    static var pausesMax: Int { 5 }
    /// In microseconds.
    static var pause: UInt32 { 1000 }

    private static func isThere(_ disk: PosixDisk, _ size: Int) throws(DiskError) -> Bool {
        guard try disk.names().contains(name) else { return false }
        return try disk.size(of: name) == size
    }

    /// As much again is left, or can be given up: what makes room, the next checkpoint, needs some itself.
    private static func fits(_ disk: PosixDisk, _ size: Int) throws(DiskError) -> Bool {
        guard let free = disk.bytesFree() else { return true }
        return try free + RetiredSegments(of: size, on: disk).count() * size >= 2 * size
    }
}
