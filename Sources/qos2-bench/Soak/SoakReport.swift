// SPDX-License-Identifier: Apache-2.0
//
// What a soak has shown, as lines for people and as one JSON object.
import Reactor

struct SoakReport {
    private let plan: SoakPlan
    private let kills: [SoakPlan.Role: Int]
    private let killsOfAll: Int
    private let cuts: Int
    private let breaches: [String]
    private let repeats: Int
    private let seconds: Double
    private let verdict: Verdict?
    private let trouble: SoakService.Trouble?

    init(_ plan: SoakPlan, _ service: SoakService) {
        self.plan = plan
        kills = service.kills
        killsOfAll = service.killsOfAll
        cuts = service.cuts
        breaches = service.watch.breaches
        repeats = service.watch.repeats
        seconds = Double(service.elapsed.nanoseconds) / 1e9
        verdict = service.verdict
        trouble = service.trouble
    }

    var isProved: Bool { trouble == nil && breaches.isEmpty && verdict?.isProved ?? false }

    /// Trouble with the programs under test is a failed proof, with the machine it is none.
    var exitCode: Int32 {
        guard !isProved else { return 0 }
        return switch trouble {
        case .system, .input, .interrupted: Exit.failed
        case .fell, .stuck, nil: Exit.notProved
        }
    }

    private var counts: [(name: String, count: Int)] {
        SoakPlan.Role.allCases.map { ($0.rawValue, kills[$0] ?? 0) } + [("all at once", killsOfAll)]
    }

    var lines: [String] {
        let struck = counts.filter { $0.count > 0 }.map { "\($0.name) \($0.count)" }
        var lines = [
            "soak with MQTT \(plan.version), seed \(plan.seed), \(Decimals.text(seconds, 1)) s",
            "killed \(struck.isEmpty ? "nobody" : struck.joined(separator: ", ")); cut \(cuts)",
        ]
        lines += verdict?.lines ?? []
        lines.append("breaches of the protocol \(breaches.count), sent again \(repeats)")
        lines += breaches.prefix(Verification.examplesMax).map { "  \($0)" }
        if let trouble { lines.append(text(of: trouble)) } else { lines.append("stuck 0") }
        return lines
    }

    private func text(of trouble: SoakService.Trouble) -> String {
        switch trouble {
        case .system(let error): error.description
        case .fell(let name, let end): "\(name) ended by itself, \(end): see \(name).log"
        case .stuck(let what): "stuck: \(what)"
        case .input(let error): error.description
        case .interrupted: "interrupted"
        }
    }

    var json: String {
        var object = JSONObject()
        object.put("mqtt_version", "\(plan.version)")
        object.put("seed", "\(plan.seed)")
        object.put("seconds", seconds)
        for (name, count) in counts {
            object.put("kills_\(name.replacing(" ", with: "_"))", count)
        }
        object.put("cuts", cuts)
        if let verdict {
            object.put("readings", verdict.readings)
            object.put("rows", verdict.rows)
            for (name, fault) in verdict.faults { object.put(name, fault.count) }
        }
        object.put("breaches", breaches.count)
        object.put("sent_again", repeats)
        if let trouble { object.put("trouble", text(of: trouble)) }
        object.put("proved", isProved)
        return object.text
    }
}
