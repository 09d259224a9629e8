// SPDX-License-Identifier: Apache-2.0
//
// The commands that make load: `run` measures publishers and subscribers together, `fill` leaves
// messages waiting for absent subscribers, `drain` fetches them. What they do is in `Load`.
import ArgumentParser
import Reactor

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Publishes and receives at once, and tells speed, latency and losses.",
        discussion: """
            Every message carries its publisher, its number and its time. Ends with 2 if one was \
            lost, doubled or out of order (where its QoS forbids it).
            """)

    @OptionGroup var load: LoadOptions

    @Option(help: "How many messages, over all publishers.")
    var messages: Int?

    @Option(help: "For how long to publish; 10 without --messages.")
    var seconds: Double?

    @Option(help: "Messages per second, over all publishers; without it, as fast as it goes.")
    var rate: Int?

    @Option(help: "So many seconds at first are checked, but not measured.")
    var warmUp = 0.0

    @Flag(help: "Sessions outlive their connections, so that all is made durable.")
    var persistent = false

    func validate() throws {
        try load.check()
        guard messages == nil || seconds == nil else {
            throw ValidationError("either --messages or --seconds")
        }
        if let messages { try atLeastOne("--messages", messages) }
        if let rate { try atLeastOne("--rate", rate) }
        guard (0...1000).contains(warmUp) else {
            throw ValidationError("--warm-up \(warmUp): 0 to 1000")
        }
        if let seconds, !(0.001...1_000_000).contains(seconds) {
            throw ValidationError("--seconds \(seconds): 0.001 to 1000000")
        }
    }

    func run() throws {
        var plan = load.plan(.run)
        plan.isPersistent = persistent
        plan.rate = rate
        plan.warmUp = .seconds(warmUp)
        if let messages {
            plan.end = .messages(messages)
        } else {
            plan.end = .time(.nanoseconds(Int64((seconds ?? 10) * 1e9)))
        }
        try load.perform(plan)
    }
}

struct FillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill",
        abstract: "Subscribes, goes away, and publishes: messages wait in the broker.",
        discussion: "'drain' with the same options fetches them.")

    @OptionGroup var load: LoadOptions

    @Option(help: "How many messages, over all publishers.")
    var messages: Int

    func validate() throws {
        try load.check()
        try atLeastOne("--messages", messages)
        guard load.name != nil else {
            throw ValidationError("--name is needed, so that 'drain' finds the sessions")
        }
    }

    func run() throws {
        var plan = load.plan(.fill)
        plan.isPersistent = true
        plan.end = .messages(messages)
        try load.perform(plan)
    }
}

struct DrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Fetches what 'fill' has left, and checks it.")

    @OptionGroup var load: LoadOptions

    @Option(help: "How many messages 'fill' has published.")
    var messages: Int

    func validate() throws {
        try load.check()
        try atLeastOne("--messages", messages)
        guard load.name != nil else {
            throw ValidationError("--name is needed: that of 'fill'")
        }
    }

    func run() throws {
        var plan = load.plan(.drain)
        plan.isPersistent = true
        plan.end = .messages(messages)
        try load.perform(plan)
    }
}

func atLeastOne(_ option: String, _ number: Int) throws {
    guard number >= 1 else { throw ValidationError("\(option) \(number): at least 1") }
}
