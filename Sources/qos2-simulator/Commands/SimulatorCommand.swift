// SPDX-License-Identifier: Apache-2.0
// The command line: which seeds, and how much is said of them.
import ArgumentParser

struct SimulatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qos2-simulator",
        abstract: "Looks for a seed that breaks the promise of exactly once.")

    @Option(help: "One seed, run twice.")
    var seed: UInt64?

    @Option(help: "Seeds A..B, or as many from 1 on.", transform: SeedRange.init)
    var seeds: SeedRange?

    @Flag(help: "One seed after the other, until one fails.")
    var forever = false

    @Flag(help: "With --seed: tell every event.")
    var steps = false

    @Option(help: "Plant a bug: \(PlantedBug.allCases.map(\.rawValue).joined(separator: ", ")).")
    var plant: PlantedBug?

    @Option(help: "Let only this checker judge; may be repeated.")
    var checker: [String] = []

    func validate() throws {
        guard [seed != nil, seeds != nil, forever].count(where: { $0 }) <= 1 else {
            throw ValidationError("one of --seed, --seeds and --forever")
        }
        guard !steps || seed != nil else { throw ValidationError("--steps is for --seed") }
    }

    func run() throws {
        let only = checker.isEmpty ? nil : Set(checker)
        if let seed {
            if steps {
                let world = World(seed: seed, bug: plant, only: only)
                world.tell = { print($0) }
                world.run()
            }
            let world = Determinism.run(seed, bug: plant, only: only)
            try Self.report(world)
            let hash = String(world.trace.hash.value, radix: 16)
            print("seed \(seed) passed: \(world.trace.count) events, hash \(hash)")
            return
        }
        let range = forever ? 1...UInt64.max : seeds?.range ?? 1...2000
        for seed in range {
            // To run all of them twice would find the same with half as many seeds.
            if seed % Self.repeatedOneIn == 0 {
                try Self.report(Determinism.run(seed, bug: plant, only: only))
            } else {
                let world = World(seed: seed, bug: plant, only: only)
                world.run()
                try Self.report(world)
            }
        }
        print("\(range.count) seeds passed")
    }

    private static let repeatedOneIn: UInt64 = 16

    private static func report(_ world: World) throws {
        guard let failure = world.failure else { return }
        for line in world.trace.lines(world) { print(line) }
        print("seed \(world.seed) failed: \(failure.checker): \(failure.what)")
        throw ExitCode(1)
    }
}

struct SeedRange {
    let range: ClosedRange<UInt64>

    init(_ text: String) throws {
        let parts = text.split(separator: ".", omittingEmptySubsequences: true)
        guard let first = parts.first.flatMap({ UInt64($0) }), first > 0,
            let last = parts.count == 1 ? first : UInt64(parts[parts.count - 1]), parts.count <= 2
        else { throw ValidationError("'\(text)' is neither A..B nor a number of seeds") }
        range = parts.count == 1 ? 1...first : first...last
    }
}

extension PlantedBug: ExpressibleByArgument {}
