// SPDX-License-Identifier: Apache-2.0
//
// Which keys a program knows, which it accepts without effect (and why), which it must not ignore
// but does not offer (and why), and for any other word the nearest of them.

/// A program's keys: `SettingsVocabulary(known: ["port", …], accepted: ["pid_file": "systemd …"])`.
/// A name with `*` at its end stands for every key that begins so.
package struct SettingsVocabulary: Sendable {
    /// A key that asks for something that the program does not have.
    package struct NotOffered: Sendable {
        package var reason: String
        /// The value that asks for nothing.
        package var harmlessValue: String?

        package init(reason: String, harmlessValue: String? = nil) {
            self.reason = reason
            self.harmlessValue = harmlessValue
        }
    }

    package let known: Set<String>
    /// Keys without a meaning here, each with the reason that its notice gives.
    package let accepted: [String: String]
    package let notOffered: [String: NotOffered]

    package init(
        known: Set<String>, accepted: [String: String] = [:],
        notOffered: [String: NotOffered] = [:]
    ) {
        self.known = known
        self.accepted = accepted
        self.notOffered = notOffered
    }

    /// The name under which a key is listed, if it is.
    func name(of key: String) -> String? {
        if known.contains(key) || accepted[key] != nil || notOffered[key] != nil { return key }
        return notOffered.keys.first { $0.hasSuffix("*") && key.hasPrefix($0.dropLast()) }
    }

    /// The word somebody may have meant; nil where none is near.
    package func nearest(to key: String) -> String? {
        let limit = max(1, min(3, key.utf8.count / 3))
        let words = known.union(accepted.keys).union(notOffered.keys)
        let candidates = words.map { word in
            (distance: Self.distance(key, word), word: word)
        }
        let best = candidates.min { ($0.distance, $0.word) < ($1.distance, $1.word) }
        return best.flatMap { $0.distance <= limit ? $0.word : nil }
    }

    /// How many letters must be added, removed, changed or swapped with their neighbour.
    static func distance(_ left: String, _ right: String) -> Int {
        let (from, to) = (Array(left.lowercased().utf8), Array(right.lowercased().utf8))
        var beforeLast: [Int] = []
        var last = Array(0...to.count)
        for (row, letter) in from.enumerated() {
            var current = [row + 1]
            for (column, other) in to.enumerated() {
                var best = min(last[column + 1] + 1, current[column] + 1)
                best = min(best, last[column] + (letter == other ? 0 : 1))
                let isSwap =
                    row > 0 && column > 0 && letter == to[column - 1] && from[row - 1] == other
                if isSwap { best = min(best, beforeLast[column - 1] + 1) }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[to.count]
    }
}
