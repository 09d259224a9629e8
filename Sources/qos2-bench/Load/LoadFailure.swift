// SPDX-License-Identifier: Apache-2.0
//
// Why a load came to no end: nothing here says anything about losses, for the run was cut short.
import MQTT
import Reactor

enum LoadFailure: Error, CustomStringConvertible {
    case unreachable(SystemError)
    case refused(String, String, ReasonCode)
    /// The broker sent what no broker may send here.
    case unexpected(String, String)
    case connectionEnded(String, String)
    case sessionMissing(String)
    case sessionLeft(String)

    var isUnreachable: Bool {
        if case .unreachable = self { true } else { false }
    }

    var description: String {
        switch self {
        case .unreachable(let error): "the broker is not reachable: \(error)"
        case .refused(let client, let what, let reason):
            "\(client): the broker refused \(what): \(reason.name)"
        case .unexpected(let client, let what): "\(client): the broker sent \(what)"
        case .connectionEnded(let client, let why): "\(client): the connection ended: \(why)"
        case .sessionMissing(let client):
            "\(client): the broker knows no such session: give 'drain' the options of 'fill'"
        case .sessionLeft(let client):
            "\(client): the broker still has such a session: choose another --name"
        }
    }
}
