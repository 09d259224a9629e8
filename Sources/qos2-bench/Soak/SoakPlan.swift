// SPDX-License-Identifier: Apache-2.0
//
// What a soak is to do, and the order in which it does it: all drawn from one seed.
import ClientCore
import MQTT

struct SoakPlan {
    enum Victims: String, CaseIterable {
        case broker
        case publisher
        case subscriber
        case all

        /// Nobody is spared for ever: under `all` each is drawn alike.
        var roles: [Role] {
            switch self {
            case .broker: [.broker]
            case .publisher: [.publisher]
            case .subscriber: [.subscriber]
            case .all: Role.allCases
            }
        }
    }

    enum Role: String, CaseIterable {
        case broker
        case publisher
        case subscriber
    }

    enum Blow: Equatable {
        case kill(Role)
        /// Of everything at once, as when somebody pulls the plug of the whole machine.
        case killAll
        /// Of one connection.
        case cut
    }

    var victims = Victims.all
    var kills = 100
    var cuts = 100
    var version = ProtocolVersion.v5
    var publishers = 1
    var interval = Duration.milliseconds(3)
    var seed: UInt64 = 0
    /// How long nothing may move, and how long the end may take.
    var patience = Duration.seconds(60)
    var folder = ""
    var binaries = ""

    /// One in so many kills under `all` hits everything.
    private static let killAllShare = 10

    func blows(using random: inout SeededGenerator) -> [Blow] {
        var blows = (0..<kills).map { _ -> Blow in
            if victims == .all, Int.random(in: 0..<Self.killAllShare, using: &random) == 0 {
                return .killAll
            }
            return .kill(victims.roles.randomElement(using: &random)!)
        }
        blows += [Blow](repeating: .cut, count: cuts)
        return blows.shuffled(using: &random)
    }
}
