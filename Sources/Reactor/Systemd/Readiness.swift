// SPDX-License-Identifier: Apache-2.0
//
// Telling the service manager how far this program is. Everything here does nothing where no
// manager asked (no NOTIFY_SOCKET).

import CSystemd
import Glibc

package enum Readiness {
    /// Whether somebody listens.
    package static var isWanted: Bool { getenv("NOTIFY_SOCKET") != nil }

    /// Started; or, after `reloading`, done with it.
    package static func ready(status: String? = nil) {
        notify("READY=1", status)
    }

    /// The one line that `systemctl status` shows.
    package static func status(_ text: String) {
        notify(nil, text)
    }

    package static func stopping(status: String? = nil) {
        notify("STOPPING=1", status)
    }

    /// Reading the configuration again; `ready` must follow. [systemd: Type=notify-reload]
    package static func reloading() {
        notify("RELOADING=1\nMONOTONIC_USEC=\(monotonicNanoseconds() / 1000)", nil)
    }

    /// Asks for this much more time to start or to stop.
    package static func extendTimeout(by time: Duration) {
        notify("EXTEND_TIMEOUT_USEC=\(time.nanoseconds / 1000)", nil)
    }

    private static func notify(_ state: String?, _ status: String?) {
        guard isWanted else { return }
        sd_notify(0, message(state, status))
    }

    /// A status is one line; a line break in it would begin another assignment.
    static func message(_ state: String?, _ status: String?) -> String {
        let line = status.map { "STATUS=" + $0.split(separator: "\n").joined(separator: " ") }
        return [state, line].compactMap { $0 }.joined(separator: "\n")
    }
}
