// SPDX-License-Identifier: Apache-2.0
//
// How a load went over its time: what was delivered in each stretch of it, and how late.

/// Samples of equal length, as long as the load: each longer run of them is halved, so that their
/// number stays bounded.
struct Series {
    struct Sample: Equatable {
        var delivered: Int
        /// Nanoseconds; the longest latency of the stretch.
        var latencyMax: UInt64
    }

    static let samplesMax = 600

    private(set) var samples: [Sample] = []
    /// How long a sample is, in ticks of the one who takes them.
    private(set) var ticks = 1
    private var open = Sample(delivered: 0, latencyMax: 0)
    private var openTicks = 0

    /// A tick is over: so much was delivered in it.
    mutating func tick(delivered: Int, latencyMax: UInt64) {
        open.delivered += delivered
        open.latencyMax = max(open.latencyMax, latencyMax)
        openTicks += 1
        guard openTicks == ticks else { return }
        samples.append(open)
        open = Sample(delivered: 0, latencyMax: 0)
        openTicks = 0
        if samples.count == Self.samplesMax { halve() }
    }

    private mutating func halve() {
        samples = stride(from: 0, to: samples.count - 1, by: 2).map { at in
            Sample(
                delivered: samples[at].delivered + samples[at + 1].delivered,
                latencyMax: max(samples[at].latencyMax, samples[at + 1].latencyMax))
        }
        ticks *= 2
    }
}
