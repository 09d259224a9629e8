// SPDX-License-Identifier: Apache-2.0
//
// What is drawn of a load: samples that stay few, bins that hold everything, and drawings of both.
import Testing

@testable import qos2_bench

@Suite struct PlotTests {
    @Test func aSeriesHoldsEverythingInFewSamples() {
        var series = Series()
        for tick in 1...5000 { series.tick(delivered: tick, latencyMax: UInt64(tick)) }
        #expect(series.samples.count < Series.samplesMax)
        #expect(series.ticks == 16)
        // The last samples may be open yet.
        let whole = series.samples.count * series.ticks
        #expect(series.samples.reduce(0) { $0 + $1.delivered } == whole * (whole + 1) / 2)
        #expect(series.samples.map(\.latencyMax) == series.samples.map(\.latencyMax).sorted())
    }

    @Test func binsHoldEveryValueAndGrowAlike() throws {
        let histogram = Histogram()
        for value in [1, 900, 1_500_000, 1_600_000, 90_000_000] as [Int64] {
            histogram.record(value)
        }
        let bins = Bins(histogram).bins
        #expect(bins.reduce(0) { $0 + $1.count } == 5)
        for (before, after) in zip(bins, bins.dropFirst()) {
            #expect(abs(after.first / before.last - 1) < 1e-9)
            #expect(abs(after.last / after.first - 1.778) < 0.001)
        }
        let fullest = try #require(bins.max { $0.count < $1.count })
        #expect(fullest.count == 2 && fullest.first < 1.5e6 && fullest.last > 1.6e6)
        #expect(Bins(Histogram()).bins.isEmpty)
    }

    @Test func textNamesTheUnit() {
        #expect(Bins.text(316) == "316 ns")
        #expect(Bins.text(3_160) == "3.2 µs")
        #expect(Bins.text(31_600) == "32 µs")
        #expect(Bins.text(1_000_000) == "1.0 ms")
        #expect(Bins.text(2_500_000_000) == "2.5 s")
    }

    private func load() -> (Histogram, Series) {
        let histogram = Histogram()
        var series = Series()
        for tick in 1...120 {
            histogram.record(Int64(tick) * 1_000_000)
            series.tick(delivered: tick, latencyMax: 0)
        }
        return (histogram, series)
    }

    @Test func theTerminalShowsBarsAndALine() throws {
        let (histogram, series) = load()
        let lines = TerminalPlot.lines(histogram, series, tickSeconds: 0.1)
        #expect(lines.dropLast().contains { $0.contains("█") })
        let last = try #require(lines.last)
        #expect(last.hasPrefix("▁") && last.contains("█"))
        #expect(last.hasSuffix("at most 1185/s"))
        #expect(lines.allSatisfy { $0.count < 80 })
    }

    @Test func theDrawingIsWhole() {
        let (histogram, series) = load()
        let plot = VectorPlot(
            title: "1 → 1 & <more>", latencies: histogram, series: series, tickSeconds: 0.1)
        let text = plot.text
        #expect(text.hasPrefix("<svg ") && text.hasSuffix("</svg>\n"))
        #expect(text.contains("1 → 1 &amp; &lt;more>"))
        #expect(text.components(of: "<polyline") == 1)
        #expect(text.components(of: "fill=\"#06a\"") == Bins(histogram, perDecade: 10).bins.count)
        #expect(text.contains(">1200</text>"), "the highest rate")
    }
}

extension String {
    /// How often `part` is in it.
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
