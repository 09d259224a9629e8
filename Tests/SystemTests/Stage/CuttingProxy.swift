// SPDX-License-Identifier: Apache-2.0
//
// A wire that a test can cut: socat between a companion and the broker. Cutting kills it with all its
// connections at once; whatever was on the way is lost, as when somebody pulls the plug.
import Foundation

final class CuttingProxy {
    let port: UInt16
    private let target: UInt16
    private let folder: URL
    private var socat: Process?

    init(to target: UInt16, in folder: URL) throws {
        port = try freePort()
        self.target = target
        self.folder = folder
        try mend()
    }

    deinit { cut() }

    /// Foundation makes it the leader of a process group: one signal reaches every connection.
    func mend() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/socat")
        process.arguments = [
            "TCP-LISTEN:\(port),bind=127.0.0.1,reuseaddr,fork",
            "TCP:127.0.0.1:\(target),nodelay",
        ]
        process.standardInput = FileHandle.nullDevice
        try process.runWithOpenSignals()
        socat = process
    }

    func cut() {
        guard let socat else { return }
        kill(-socat.processIdentifier, SIGKILL)
        socat.waitUntilExit()
        self.socat = nil
    }
}
