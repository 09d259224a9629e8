// SPDX-License-Identifier: Apache-2.0
//
// Random texts that the standard allows: mostly ASCII, with scalars of every length in between.

import MQTT

extension SplitMix64 {
    mutating func scalar() -> Unicode.Scalar {
        let highest = pick([0x7F, 0x7F, 0x7F, 0x7F, 0x7FF, 0xFFFF, 0x10FFFF])
        while true {
            let value = UInt32(Int.random(in: 1...highest, using: &self))
            if let scalar = Unicode.Scalar(value) { return scalar }
        }
    }

    mutating func text(upTo maximum: Int = 30) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<upTo(maximum) { text.append(scalar()) }
        return String(text)
    }

    mutating func topic() -> String {
        let text = text(upTo: 40).unicodeScalars.filter { $0 != "+" && $0 != "#" }
        return "t" + String(String.UnicodeScalarView(text))
    }

    mutating func filter() -> String {
        let levels = (0...upTo(4)).map { _ in pick(["+", "a", "", "sensor", "ü", "$SYS"]) }
        let filter = levels.joined(separator: "/") + (chance(oneIn: 3) ? "/#" : "")
        return filter.isEmpty ? "#" : filter
    }

    mutating func userProperties() -> [UserProperty] {
        (0..<upTo(3)).map { _ in UserProperty(text(upTo: 8), text(upTo: 20)) }
    }
}
