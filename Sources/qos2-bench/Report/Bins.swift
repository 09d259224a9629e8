// SPDX-License-Identifier: Apache-2.0
//
// A histogram's buckets gathered into a few bins that grow by the same factor: what a person can
// look at.
import Glibc

struct Bins {
    struct Bin {
        /// Nanoseconds.
        var first: Double
        var last: Double
        var count: UInt64
    }

    private(set) var bins: [Bin] = []

    /// Four bins to each power of ten, from the first value to the last.
    init(_ histogram: Histogram, perDecade: Int = 4) {
        var counts: [Int: UInt64] = [:]
        histogram.forEach { last, count in
            let exponent = log10(Double(max(1, last))) * Double(perDecade)
            counts[Int(exponent.rounded(.down)), default: 0] += count
        }
        guard let low = counts.keys.min(), let high = counts.keys.max() else { return }
        bins = (low...high).map { at in
            Bin(
                first: pow(10, Double(at) / Double(perDecade)),
                last: pow(10, Double(at + 1) / Double(perDecade)), count: counts[at] ?? 0)
        }
    }

    var highest: UInt64 { bins.map(\.count).max() ?? 0 }

    /// `316 µs`, `1.00 ms`, `2 s`.
    static func text(_ nanoseconds: Double) -> String {
        switch nanoseconds {
        case ..<1e3: "\(Int(nanoseconds)) ns"
        case ..<1e6: "\(Decimals.text(nanoseconds / 1e3, nanoseconds < 1e4 ? 1 : 0)) µs"
        case ..<1e9: "\(Decimals.text(nanoseconds / 1e6, nanoseconds < 1e7 ? 1 : 0)) ms"
        default: "\(Decimals.text(nanoseconds / 1e9, 1)) s"
        }
    }
}
