// SPDX-License-Identifier: Apache-2.0
//
// One flat JSON object in one line, its members in the order in which they were put. The texts are
// our own words and need no escapes beyond quote and backslash.

struct JSONObject {
    private var members: [String] = []

    mutating func put(_ name: String, _ value: Int) { put(name, raw: "\(value)") }
    mutating func put(_ name: String, _ value: Bool) { put(name, raw: "\(value)") }

    mutating func put(_ name: String, _ value: Double) {
        put(name, raw: Decimals.text(value, 3))
    }

    mutating func put(_ name: String, _ value: String) { put(name, raw: Self.quoted(value)) }

    mutating func put(_ name: String, _ values: [String]) {
        put(name, raw: "[\(values.map(Self.quoted).joined(separator: ","))]")
    }

    private mutating func put(_ name: String, raw: String) {
        members.append("\"\(name)\":\(raw)")
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.flatMap { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }
        return "\"\(String(escaped))\""
    }

    /// A member of such an object.
    static func number(_ name: String, in object: String) -> Double? {
        guard let key = object.firstRange(of: "\"\(name)\":") else { return nil }
        return Double(object[key.upperBound...].prefix { !",}".contains($0) })
    }

    var text: String { "{\(members.joined(separator: ","))}" }
}

enum Decimals {
    /// With so many decimals, rounded.
    static func text(_ value: Double, _ decimals: Int) -> String {
        var scale = 1
        for _ in 0..<decimals { scale *= 10 }
        let whole = Int((abs(value) * Double(scale)).rounded())
        let fraction = String(whole % scale)
        let zeros = String(repeating: "0", count: max(0, decimals - fraction.count))
        let sign = value < 0 && whole > 0 ? "-" : ""
        return decimals == 0 ? "\(sign)\(whole)" : "\(sign)\(whole / scale).\(zeros)\(fraction)"
    }
}
