// SPDX-License-Identifier: Apache-2.0
//
// A load in a process of its own, so that its CPU is not the one that measures: this program, whose
// report goes to a file.
import Glibc
import Reactor

struct LoadProcess {
    private let process: ChildProcess

    /// `words` are a command and its options, but for the port.
    init(_ name: String, _ words: [String], port: UInt16, in folder: String) {
        process = ChildProcess(
            name, executable: fileOfThisProgram(),
            arguments: words + ["--json", "--port", "\(port)"],
            stateFolder: folder, logFile: "\(folder)/\(name).json")
    }

    func start() throws(SystemError) { try process.start() }

    func kill() { process.kill() }

    /// Waits for its end, and gives its report. What it said last is the reason if it failed.
    func finish() throws(SystemError) -> String {
        let end = process.waitForEnd()
        let report = contents(of: process.logFile) ?? ""
        guard end == .exited(0), !report.isEmpty else {
            let how = end.map { "ended \($0)" } ?? "does not run"
            let reason = report.split(separator: "\n").last.map { ": \($0)" } ?? ""
            throw SystemError(operation: process.name, subject: how + reason, errno: ECANCELED)
        }
        return report
    }
}
