// SPDX-License-Identifier: Apache-2.0
// A qos2-broker of its own for one conversation, with a store in a new folder, on an address of
// loopback that nobody else has.
import Foundation
import Synchronization

final class BrokerProcess {
    struct NeverListened: Error {
        let log: String
    }

    /// `Tests/run` names the folder of the release programs.
    private static let program = ProcessInfo.processInfo.environment["QOS2_BINARIES"]
        .map { URL(filePath: $0).appending(path: "qos2-broker") }
    private static let count = Atomic<UInt32>(0)
    private static let port: UInt16 = 18_830

    static var isAvailable: Bool { program != nil }

    private let process = Process()
    private let folder: URL
    /// All of 127.0.0.0/8 is this machine: the second byte is our process's, the others count.
    private let address: UInt32

    init(_ settings: [String]) throws {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        let own = UInt32(ProcessInfo.processInfo.processIdentifier) % 250 + 3
        address = 127 << 24 | own << 16 | number & 0xFFFF
        folder = URL(filePath: "/tmp/qos2-conformance-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let host = [24, 16, 8, 0].map { "\(address >> $0 & 0xFF)" }.joined(separator: ".")
        let file = folder.appending(path: "broker.conf")
        let lines = ["listener \(Self.port) \(host)", "log_dest file \(log.path)"] + settings
        try lines.map { $0 + "\n" }.joined().write(to: file, atomically: true, encoding: .utf8)
        process.executableURL = Self.program
        process.arguments = ["-c", file.path]
        process.environment = ["STATE_DIRECTORY": folder.appending(path: "store").path]
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    private var log: URL { folder.appending(path: "broker.log") }

    var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// A new connection; the first one waits until the broker listens.
    func connect() throws -> Socket {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            if let socket = Socket(address, Self.port) { return socket }
            guard process.isRunning, ContinuousClock.now < end else {
                throw NeverListened(log: logText)
            }
            usleep(2_000)
        }
    }
}
