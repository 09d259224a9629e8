// SPDX-License-Identifier: Apache-2.0
//
// One of the programs under test: started, killed without warning, started again. What it says goes
// to a file that all its lives share.
import Glibc
import Reactor

final class ChildProcess {
    let name: String
    private let executable: String
    private var arguments: [String]
    private let environment: [String]
    let logFile: String
    /// Nil while it does not run.
    private(set) var pid: pid_t?

    init(
        _ name: String, executable: String, arguments: [String], stateFolder: String,
        logFile: String
    ) {
        self.name = name
        self.executable = executable
        self.arguments = arguments
        self.logFile = logFile
        // No NOTIFY_SOCKET and its like: those are for us.
        var variables = ["STATE_DIRECTORY": stateFolder, "PATH": "/usr/bin:/bin"]
        variables["LD_LIBRARY_PATH"] = Reactor.environment("LD_LIBRARY_PATH")
        environment = variables.map { "\($0.key)=\($0.value)" }.sorted()
    }

    /// From now on with other arguments.
    func start(with arguments: [String]) throws(SystemError) {
        self.arguments = arguments
        try start()
    }

    func start() throws(SystemError) {
        precondition(pid == nil, "\(name) runs already")
        var files = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&files)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&files)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &files, STDOUT_FILENO, logFile, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO)
        // Our loop blocks signals that a child must hear.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words: [UnsafeMutablePointer<CChar>?] =
            ([executable] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var started: pid_t = 0
        let result = posix_spawn(&started, executable, &files, &attributes, &words, &variables)
        guard result == 0 else {
            throw SystemError(operation: "start", subject: executable, errno: result)
        }
        pid = started
    }

    /// At once, whatever it is doing.
    func kill() {
        guard let pid else { return }
        Glibc.kill(pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        self.pid = nil
    }

    func askToStop() {
        if let pid { Glibc.kill(pid, SIGTERM) }
    }

    /// Waits, and tells how it ended.
    func waitForEnd() -> End? {
        guard let pid else { return nil }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { return nil }
        }
        self.pid = nil
        return End(status)
    }

    /// How it ended, if it has ended by itself since the last call.
    func takeEnd() -> End? {
        guard let pid else { return nil }
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        self.pid = nil
        return End(status)
    }

    enum End: Equatable, CustomStringConvertible {
        case exited(Int32)
        case signalled(Int32)

        init(_ status: Int32) {
            let signal = status & 0x7F
            self = signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
        }

        var description: String {
            switch self {
            case .exited(let code): "with exit code \(code)"
            case .signalled(let signal): "by signal \(signal)"
            }
        }
    }
}
