// SPDX-License-Identifier: Apache-2.0
//
// The latency histogram as bars and the throughput over time as a line of blocks, in plain text.

enum TerminalPlot {
    private static let width = 50
    private static let blocks = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    static func lines(_ latencies: Histogram, _ series: Series, tickSeconds: Double) -> [String] {
        histogram(latencies) + throughput(series, tickSeconds)
    }

    private static func histogram(_ latencies: Histogram) -> [String] {
        let bins = Bins(latencies)
        return bins.bins.map { bin in
            let share = Double(bin.count) / Double(max(1, bins.highest))
            let bar = String(repeating: "█", count: Int((share * Double(width)).rounded()))
            return "\(padded("< " + Bins.text(bin.last), 9))  "
                + "\(padded(bar, width))  \(bin.count)"
        }
    }

    private static func throughput(_ series: Series, _ tickSeconds: Double) -> [String] {
        let samples = shortened(series.samples.map(\.delivered))
        guard let highest = samples.max(), highest > 0 else { return [] }
        let line = samples.map { blocks[$0 * (blocks.count - 1) / highest] }.joined()
        let length = Double(series.ticks) * tickSeconds
        let merged = Double(max(1, series.samples.count)) / Double(samples.count)
        let peak = Int(Double(highest) / (length * merged))
        return ["\(line)  at most \(peak)/s"]
    }

    /// At most as many as a line has room for, each the sum of its neighbours.
    private static func shortened(_ values: [Int]) -> [Int] {
        var values = values
        while values.count > width {
            values = stride(from: 0, to: values.count - 1, by: 2).map {
                values[$0] + values[$0 + 1]
            }
        }
        return values
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
