// SPDX-License-Identifier: Apache-2.0
//
// Throughput over time and the latency histogram as one SVG, with its numbers on the axes.

struct VectorPlot {
    private static let width = 720.0
    private static let height = 220.0
    private static let left = 70.0
    private static let right = 20.0
    private static let gap = 70.0

    let title: String
    let latencies: Histogram
    let series: Series
    let tickSeconds: Double

    var text: String {
        let whole = 40 + 2 * Self.height + 2 * Self.gap
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(whole))" \
            font-family="sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="white"/>
            <text x="\(Self.left)" y="24" font-size="14">\(Self.escaped(title))</text>
            \(throughput(top: 40))
            \(histogram(top: 40 + Self.height + Self.gap))
            </svg>

            """
    }

    private func throughput(top: Double) -> String {
        let length = Double(series.ticks) * tickSeconds
        let rates = series.samples.map { Double($0.delivered) / length }
        let highest = max(1, rates.max() ?? 1)
        let step = (Self.width - Self.left - Self.right) / Double(max(1, rates.count - 1))
        let points = rates.enumerated().map { at, rate in
            let x = Decimals.text(Self.left + Double(at) * step, 1)
            return "\(x),\(Decimals.text(top + Self.height * (1 - rate / highest), 1))"
        }
        let seconds = Decimals.text(Double(rates.count) * length, 0)
        return frame(top, "delivered messages a second", "\(Int(highest))", "0 s", "\(seconds) s")
            + "<polyline fill=\"none\" stroke=\"#0a6\" stroke-width=\"1.5\" points=\""
            + points.joined(separator: " ") + "\"/>"
    }

    private func histogram(top: Double) -> String {
        let bins = Bins(latencies, perDecade: 10)
        let highest = Double(max(1, bins.highest))
        let room = Self.width - Self.left - Self.right
        let step = room / Double(max(1, bins.bins.count))
        let bars = bins.bins.enumerated().map { at, bin in
            let tall = Self.height * Double(bin.count) / highest
            let x = Decimals.text(Self.left + Double(at) * step, 1)
            return "<rect x=\"\(x)\" y=\"\(Decimals.text(top + Self.height - tall, 1))\" "
                + "width=\"\(Decimals.text(max(1, step - 1), 1))\" "
                + "height=\"\(Decimals.text(tall, 1))\" fill=\"#06a\"/>"
        }
        let first = bins.bins.first.map { Bins.text($0.first) } ?? ""
        let last = bins.bins.last.map { Bins.text($0.last) } ?? ""
        return frame(top, "latency", "\(bins.highest)", first, last) + bars.joined()
    }

    /// Axes, what they are, and their ends.
    private func frame(
        _ top: Double, _ name: String, _ highest: String, _ first: String, _ last: String
    ) -> String {
        let bottom = top + Self.height
        let end = Self.width - Self.right
        return """
            <path d="M\(Self.left) \(top)V\(bottom)H\(end)" fill="none" stroke="#888"/>
            <text x="\(Self.left - 6)" y="\(top + 10)" text-anchor="end">\(highest)</text>
            <text x="\(Self.left)" y="\(bottom + 16)">\(first)</text>
            <text x="\(end)" y="\(bottom + 16)" text-anchor="end">\(last)</text>
            <text x="\((Self.left + end) / 2)" y="\(bottom + 32)" text-anchor="middle">\(name)</text>

            """
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    }
}
