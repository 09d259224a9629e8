// SPDX-License-Identifier: Apache-2.0
// Who judges a world. Each checker knows one promise, sees everything, and shares no code with those
// who have to keep it.

protocol Checker: AnyObject {
    var name: String { get }
    func see(_ sight: Sight, _ world: World)
    /// Nothing happens any more.
    func finish(_ world: World)
}

extension Checker {
    func finish(_ world: World) {}

    func fail(_ world: World, _ what: String) { world.fail(name, what) }
}

enum Checkers {
    static func all(_ scenario: Scenario) -> [any Checker] {
        [
            Ledger(), OrderChecker(), RecoveryChecker(), BrokerGates(),
            PublisherGates(scenario.publishers.count), SubscriberGates(), SendingChecker(),
            SessionChecker(), LivenessChecker(),
        ]
    }
}
