// SPDX-License-Identifier: Apache-2.0
// A machine of the world: what it is, what of it outlives a process, and the process that runs on
// it. A process dies between any two of its effects: the fuse counts them.
import MQTT

/// What the world tells a process. Every call is an event; the process reacts at once.
protocol Process: AnyObject {
    func start()
    func opened(_ link: Link)
    func notReached()
    /// More has arrived in the link's pipe.
    func received(_ link: Link)
    func closed(_ link: Link)
    /// The link takes bytes again.
    func writable(_ link: Link)
    func turnEnded()
    func happened(_ event: Event)
}

final class Node {
    enum Role {
        case broker
        case publisher
        case subscriber
    }

    enum Death {
        case kill
        case powerCut
        /// The process ended itself: its disk had failed.
        case diskFailure
    }

    let index: Int
    let role: Role
    let name: String
    let version: ProtocolVersion
    /// It speaks for itself, without an engine.
    var repeatsItself = false
    let disk = SimulatedDisk()
    let database = SubscriberDatabase()
    var paper = RepeaterPaper()

    var process: (any Process)?
    /// Counts the processes.
    var life = 0
    /// How many effects the process has left, and what ends it then.
    var fuse: (effects: Int, death: Death)?
    /// The process is past its last effect; the world takes it away when its code returns.
    var doom: Death?
    var isTurnDue = false

    init(index: Int, _ role: Role, _ name: String, _ version: ProtocolVersion) {
        self.index = index
        self.role = role
        self.name = name
        self.version = version
        disk.isAlive = { [unowned self] in takeEffect() }
    }

    /// Where a repeater leaves its retained messages.
    var retainedTopic: String { "r/\(index)" }

    /// Called before each effect: a system call of the process, or of one of its threads. False if
    /// the process does not live to do it.
    func takeEffect() -> Bool {
        guard doom == nil else { return false }
        guard let fuse else { return true }
        if fuse.effects == 0 {
            doom = fuse.death
            self.fuse = nil
            return false
        }
        self.fuse!.effects -= 1
        return true
    }
}
