// SPDX-License-Identifier: Apache-2.0
// The thread beside the loop, in virtual time: each call of the disk is a step of its own, with a
// delay before it, so that a process can die between any two. It does what `SyncThread` and
// `SpareSegment` of the reactor do, in their order.
import Journal

final class SimulatedWriter: BatchWriter {
    private enum Step {
        case begin(String, header: [UInt8], size: Int)
        case write(String, header: [UInt8])
        case sync(String)
        case syncFolder
        case writeBatch([UInt8], String, offset: Int)
        case done(UInt64)
    }

    private static let spareName = "spare"
    private static let unfinishedName = "spare-unfinished"

    private let disk: SimulatedDisk
    private let segmentSize: Int
    private var begun: [Step] = []
    private var steps: [Step] = []
    private(set) var hasSpare = false
    /// The last attempt to make a spare segment failed.
    private var spareFailed = false
    private var isMakingSpare = false

    /// Something is to be done: `step` wants to be called, soon.
    var wantsStep: () -> Void = {}
    var wantsSpare: () -> Void = {}

    init(_ disk: SimulatedDisk, segmentSize: Int) {
        self.disk = disk
        self.segmentSize = segmentSize
    }

    var isShortOfSpace: Bool { !hasSpare && spareFailed }

    func begin(_ segment: String, header: [UInt8], size: Int) {
        begun = [
            .begin(segment, header: header, size: size), .write(segment, header: header),
            .sync(segment), .syncFolder,
        ]
    }

    func write(
        _ bytes: Span<UInt8>, to segment: String, at offset: Int, number: UInt64
    ) -> Bool {
        let isIdle = steps.isEmpty
        let copy = bytes.indices.map { bytes[$0] }
        steps += begun
        steps += [.writeBatch(copy, segment, offset: offset), .sync(segment), .done(number)]
        begun = []
        if isIdle { wantsStep() }
        return false
    }

    /// One call of the disk. Returns the batch that is durable with it, if one is.
    func step() throws(DiskError) -> UInt64? {
        guard !steps.isEmpty else { return nil }
        let step = steps.removeFirst()
        switch step {
        case .begin(let segment, _, let size):
            guard try occupy(segment, size) else {
                // There is no space: the batch waits for some.
                steps.insert(step, at: 0)
                prepareSpare()
                wantsStep()
                return nil
            }
        case .write(let segment, let header): try disk.write(header.span, to: segment, at: 0)
        case .sync(let segment): try disk.sync(segment)
        case .syncFolder:
            try disk.syncFolder()
            prepareSpare()
        case .writeBatch(let bytes, let segment, let offset):
            try disk.write(bytes.span, to: segment, at: offset)
        case .done: break
        }
        if case .done(let number)? = steps.first {
            steps.removeFirst()
            if !steps.isEmpty { wantsStep() }
            return number
        }
        wantsStep()
        return nil
    }

    /// False if the disk is full.
    private func occupy(_ segment: String, _ size: Int) throws(DiskError) -> Bool {
        if size == segmentSize, hasSpare {
            hasSpare = false
            try disk.rename(Self.spareName, to: segment)
            return true
        }
        do throws(DiskError) {
            try disk.create(segment, size: size)
            return true
        } catch {
            guard error.isFull else { throw error }
            return false
        }
    }

    func prepareSpare() {
        guard !hasSpare, !isMakingSpare else { return }
        isMakingSpare = true
        wantsSpare()
    }

    /// A spare that an earlier process left is as good: zeros are zeros. So is a retired segment, once it
    /// is wiped.
    func makeSpare() {
        isMakingSpare = false
        do throws(DiskError) {
            let names = try disk.names()
            if names.contains(Self.spareName), try disk.size(of: Self.spareName) == segmentSize {
                hasSpare = true
                return
            }
            for old in [Self.spareName, Self.unfinishedName] where names.contains(old) {
                try disk.remove(old)
            }
            if try RetiredSegments(of: segmentSize, on: disk).take(as: Self.unfinishedName) {
                let zeros = [UInt8](repeating: 0, count: segmentSize)
                try disk.write(zeros.span, to: Self.unfinishedName, at: 0)
                try disk.sync(Self.unfinishedName)
            } else {
                try disk.create(Self.unfinishedName, size: segmentSize)
            }
            try disk.rename(Self.unfinishedName, to: Self.spareName)
            hasSpare = true
            spareFailed = false
        } catch {
            // No spare is the message: whoever asks for one is told that there is none.
            spareFailed = true
        }
    }
}
