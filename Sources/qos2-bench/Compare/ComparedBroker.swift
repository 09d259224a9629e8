// SPDX-License-Identifier: Apache-2.0
//
// A broker that takes part in a comparison: how it is started. Each start gets a folder and a port
// of its own.
import Glibc
import Reactor

struct ComparedBroker {
    let name: String
    /// `%p` is the port, `%d` the folder, `%c` the configuration.
    let command: [String]
    /// Nil for one that needs no file.
    var configuration: String?

    /// Ours, beside this program, with its limits off as mosquitto's, and with more lines of configuration.
    static func own(in binaries: String, _ more: String = "") -> ComparedBroker {
        ComparedBroker(
            name: "qos2", command: ["\(binaries)/qos2-broker", "-c", "%c"],
            configuration: """
                listener %p 127.0.0.1
                persistence_location %d/store
                max_inflight_messages 0
                max_queued_messages 2000000
                log_handshakes never
                log_dest none

                """ + more)
    }

    /// Debian's, with its limits off, and as durable as it can be: it saves, but never syncs.
    static func mosquitto(_ path: String) -> ComparedBroker {
        ComparedBroker(
            name: "mosquitto", command: [path, "-c", "%c"],
            configuration: """
                listener %p 127.0.0.1
                allow_anonymous true
                user root
                persistence true
                persistence_location %d/
                autosave_interval 1800
                max_inflight_messages 0
                max_queued_messages 0
                set_tcp_nodelay true
                log_dest none

                """)
    }

    /// `NAME=COMMAND`, words parted by spaces.
    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return nil }
        let words = text[text.index(after: equals)...].split(separator: " ").map(String.init)
        guard !words.isEmpty else { return nil }
        self.init(name: String(text[..<equals]), command: words)
    }

    private init(name: String, command: [String], configuration: String? = nil) {
        self.name = name
        self.command = command
        self.configuration = configuration
    }

    /// A process that serves on `port`, once it listens.
    func start(in folder: String, port: UInt16) throws(SystemError) -> ChildProcess {
        let file = "\(folder)/\(name).conf"
        func filled(_ text: String) -> String {
            text.replacing("%p", with: "\(port)").replacing("%d", with: folder)
                .replacing("%c", with: file)
        }
        if let configuration { try write(filled(configuration), to: file) }
        let words = command.map(filled)
        let process = ChildProcess(
            name, executable: words[0], arguments: Array(words.dropFirst()),
            stateFolder: folder, logFile: "\(folder)/\(name).log")
        try process.start()
        try Self.wait(for: process, port)
        return process
    }

    private static func wait(for process: ChildProcess, _ port: UInt16) throws(SystemError) {
        for _ in 0..<1000 {
            if accepts(port) { return }
            if process.takeEnd() != nil { break }
            usleep(10_000)
        }
        process.kill()
        throw SystemError(
            operation: "start", subject: "\(process.name) (see \(process.logFile))",
            errno: ECONNREFUSED)
    }

    private static func accepts(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
