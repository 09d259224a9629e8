// SPDX-License-Identifier: Apache-2.0
//
// A comparison as a table in Markdown: of each figure the median, and behind it the least and the
// most. For scripts the medians, in JSON.

struct ComparisonTable {
    private let comparison: Comparison

    init(_ comparison: Comparison) {
        self.comparison = comparison
    }

    var text: String {
        let sections = [
            section("Broker CPU in µs for each delivered message: median (least–most)", .load) {
                Self.spread($0.cpu, 2)
            },
            section("Delivered messages a second; p99 of the latency in ms", .load) { figures in
                let rate = Comparison.Figures.median(figures.rate).map { "\(Int($0))/s" }
                let late = Comparison.Figures.median(figures.p99)
                    .map { Decimals.text($0 / 1e3, 2) }
                return "\(rate ?? "–"); \(late ?? "–")"
            },
            section(
                "Bytes of resident memory for each idle connection with a subscription", .memory
            ) {
                Self.spread($0.memory, 0)
            },
        ]
        return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") + "\n" }
            .joined(separator: "\n")
    }

    /// The medians, by case and broker.
    var json: String {
        var object = JSONObject()
        for (at, item) in comparison.cases.enumerated() {
            for (broker, figures) in zip(comparison.brokers, comparison.figures[at]) {
                let medians = [
                    ("cpu_us", figures.cpu), ("per_second", figures.rate),
                    ("p99_us", figures.p99), ("bytes", figures.memory),
                ]
                for (name, values) in medians {
                    guard let median = Comparison.Figures.median(values) else { continue }
                    object.put("\(item.name)_\(broker.name)_\(name)", median)
                }
                object.put("\(item.name)_\(broker.name)_failed", figures.failed)
            }
        }
        return object.text
    }

    /// No lines where nothing was measured so.
    private func section(
        _ title: String, _ measure: ComparedCase.Measure,
        _ cell: (Comparison.Figures) -> String
    ) -> [String] {
        guard comparison.cases.contains(where: { $0.measure == measure }) else { return [] }
        let names = comparison.brokers.map(\.name)
        var lines = [title, "", "| case | \(names.joined(separator: " | ")) |"]
        lines.append("|---|" + String(repeating: "---:|", count: names.count))
        for (at, item) in comparison.cases.enumerated() where item.measure == measure {
            let cells = comparison.figures[at].map { figures in
                cell(figures) + (figures.failed > 0 ? " (\(figures.failed) failed)" : "")
            }
            lines.append("| \(item.name) | \(cells.joined(separator: " | ")) |")
        }
        return lines
    }

    private static func spread(_ values: [Double], _ decimals: Int) -> String {
        guard let median = Comparison.Figures.median(values), let least = values.min(),
            let most = values.max()
        else { return "–" }
        let range = "\(Decimals.text(least, decimals))–\(Decimals.text(most, decimals))"
        return "\(Decimals.text(median, decimals)) (\(range))"
    }
}
