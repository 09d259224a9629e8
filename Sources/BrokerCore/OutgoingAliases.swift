// SPDX-License-Identifier: Apache-2.0
// Topic aliases that the broker gives on one connection: the first topics sent get one each, as
// many as the client allows, and keep it. [MQTT-3.3.2-7]

/// An alias never changes its meaning: a client that is sent more topics than it allows aliases
/// would otherwise get each topic in full and an alias besides.
struct OutgoingAliases {
    struct Alias: Equatable {
        let number: UInt16
        /// The client knows what it stands for: the topic is left out.
        let isKnown: Bool
    }

    private var topics: ContiguousArray<(hash: UInt64, bytes: [UInt8])> = []
    /// Aliases by hash; 0 is empty. At most half full.
    private var table: ContiguousArray<UInt16> = []

    /// Nil where the topic has none. `mayBeNew`: there is room to say what it stands for.
    mutating func alias(
        of topic: Span<UInt8>, atMost maximum: UInt16, mayBeNew: Bool, seed: UInt64
    ) -> Alias? {
        let hash = hashOfBytes(topic, seed: seed)
        if !table.isEmpty, case let known = table[slot(of: topic, hash)], known > 0 {
            return Alias(number: known, isKnown: true)
        }
        guard mayBeNew, topics.count < Int(maximum) else { return nil }
        if (topics.count + 1) * 2 > table.count { grow() }
        topics.append((hash, topic.indices.map { topic[$0] }))
        let number = UInt16(topics.count)
        table[slot(of: topic, hash)] = number
        return Alias(number: number, isKnown: false)
    }

    private mutating func grow() {
        table = ContiguousArray(repeating: 0, count: max(8, table.count * 2))
        for (index, topic) in topics.enumerated() {
            table[slot(of: topic.bytes.span, topic.hash)] = UInt16(index + 1)
        }
    }

    /// The slot that holds this topic's alias, or the empty one where it belongs.
    private func slot(of topic: Span<UInt8>, _ hash: UInt64) -> Int {
        let mask = table.count - 1
        var at = Int(truncatingIfNeeded: hash) & mask
        while table[at] > 0 {
            let known = topics[Int(table[at]) - 1]
            if known.hash == hash, bytesAreEqual(known.bytes, topic) { break }
            at = (at + 1) & mask
        }
        return at
    }
}
