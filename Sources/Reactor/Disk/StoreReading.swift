// SPDX-License-Identifier: Apache-2.0
// A look into a store's folder that changes nothing there and asks for no lock: what is read is a
// prefix of what its owner has written, which may go on meanwhile.
import Journal

/// The state in the folder, as far as it can be read.
package func readStore<State: ReplayedState & ~Copyable>(
    folder: String
) throws(RecoveryError) -> State {
    let disk: PosixDisk
    do throws(DiskError) {
        disk = try PosixDisk(reading: folder)
    } catch {
        throw .disk(error)
    }
    // A checkpoint may delete what was about to be read: then there is a newer one.
    var attemptsLeft = 10
    while true {
        attemptsLeft -= 1
        do throws(RecoveryError) {
            return try readOnce(disk)
        } catch {
            guard case .disk = error, attemptsLeft > 0 else { throw error }
        }
    }
}

private func readOnce<State: ReplayedState & ~Copyable>(
    _ disk: PosixDisk
) throws(RecoveryError) -> State {
    var state = State()
    let position = try Checkpoint.readNewest(from: disk, into: &state)
    let segments: [String]
    do throws(DiskError) {
        segments = try disk.names().filter(SegmentHeader.isSegment).sorted()
    } catch {
        throw .disk(error)
    }
    var recovery = Recovery(from: disk, after: position ?? .start, only: segments)
    _ = try recovery.run { records throws(RecordError) in try state.batch(records) }
    return state
}
