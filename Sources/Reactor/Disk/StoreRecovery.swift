// SPDX-License-Identifier: Apache-2.0
// A store at the start of its program: the folder is locked, the newest sound checkpoint is read,
// then the segments behind it, into the state that the program goes on with.
import Journal

/// A store's folder, locked and read.
package struct RecoveredStore {
    let disk: PosixDisk
    package let report: RecoveryReport
    let checkpoint: NewestCheckpoint?
    package let duration: Duration

    /// Reads the folder into `state`.
    package init<State: ReplayedState & ~Copyable>(
        folder: String, into state: inout State
    ) throws(RecoveryError) {
        let clock = ContinuousClock()
        let start = clock.now
        do throws(DiskError) {
            disk = try PosixDisk(folder: folder)
        } catch {
            throw .disk(error)
        }
        report = try Recovery.read(disk, into: &state)
        do throws(DiskError) {
            checkpoint = try Checkpoint.newest(of: report.segments, on: disk)
        } catch {
            throw .disk(error)
        }
        duration = clock.now - start
    }
}
