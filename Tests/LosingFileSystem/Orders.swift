// SPDX-License-Identifier: Apache-2.0
// What a test orders over standard input, one line each, and what it is told back, one line each.

enum Order {
    /// Stop as soon as the `count`th change has been asked for; it is carried out, unanswered, or
    /// not. Answered when that has happened.
    case freeze(count: Int, carriesOut: Bool)
    /// The power goes and comes back. What was frozen goes on.
    case cut(seed: UInt64, Remains)
    case quota(Int)
    case fail(Faults.Kind, after: Int)
    /// One bit in each of `count` bytes of a file at the top or in folders below it.
    case damage(path: String, offset: Int, count: Int, seed: UInt64)
    case lie(Bool)
    case status

    static let usage = """
        freeze COUNT before|after | cut SEED older|garbage | quota BYTES | fail write|sync COUNT \
        | damage PATH OFFSET COUNT SEED | lie on|off | status
        """

    init?(_ line: String) {
        let words = line.split(separator: " ").map(String.init)
        let numbers = words.map { Int($0) ?? -1 }
        switch (words.first, words.count) {
        case ("freeze", 3):
            self = .freeze(count: numbers[1], carriesOut: words[2] == "after")
        case ("cut", 3):
            self = .cut(seed: UInt64(numbers[1]), words[2] == "garbage" ? .garbage : .older)
        case ("quota", 2): self = .quota(numbers[1])
        case ("fail", 3): self = .fail(words[1] == "write" ? .write : .sync, after: numbers[2])
        case ("damage", 5):
            self = .damage(
                path: words[1], offset: numbers[2], count: numbers[3], seed: UInt64(numbers[4]))
        case ("lie", 2): self = .lie(words[1] == "on")
        case ("status", 1): self = .status
        default: return nil
        }
        guard !numbers.dropFirst().contains(where: { $0 < -1 }) else { return nil }
    }
}
