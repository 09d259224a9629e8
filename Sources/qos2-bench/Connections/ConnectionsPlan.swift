// SPDX-License-Identifier: Apache-2.0
//
// Connections without messages: many that stay, or few that come and go without end.
import MQTT

struct ConnectionsPlan {
    enum Work: Equatable {
        /// All are opened and stay for a time.
        case idle(hold: Duration)
        /// Each connects, disconnects, and comes again.
        case churn(Duration)
    }

    /// Dials under way at once: more would only wait in the broker's backlog.
    static let dialsMax = 128

    var work: Work
    var host: String
    var port: UInt16
    var version: ProtocolVersion
    var name: String
    var connections: Int
    /// Each has one subscription, to a topic of its own.
    var subscribes: Bool

    func clientID(_ number: Int) -> String { "\(name)-c\(number)" }
    func topic(_ number: Int) -> String { "\(name)/\(number)" }
}
