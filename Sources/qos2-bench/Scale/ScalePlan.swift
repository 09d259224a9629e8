// SPDX-License-Identifier: Apache-2.0
//
// Which filters and topics there are at scale, and who has subscribed to what: all of it follows from
// a number, so that nothing has to be remembered to be checked.

struct ScalePlan {
    let subscriptions: Int
    let retained: Int
    /// Messages of one measurement among subscriptions.
    let probes: Int
    /// Beside the busy ones.
    let connections: Int
    /// Messages that wait beside those of the busy ones.
    let queued: Int
    /// How often each crowd is measured.
    let rounds: Int
    /// In seconds.
    let patience: Int
    /// Sessions beside the one that has half of all subscriptions.
    let others = 100

    var clients: Int { others + 1 }

    /// Eight in ten are exact, one has a `+` and one a `#`; each matches one topic of `topic(of:)`.
    func filter(_ number: Int) -> String {
        switch number % 10 {
        case 8: "plant/+/alarm\(number)"
        case 9: "plant/line\(number / 1000)/area\(number)/#"
        default: "plant/line\(number / 1000)/sensor\(number)"
        }
    }

    /// A topic that this filter matches, and no other one.
    func topic(of number: Int) -> String {
        switch number % 10 {
        case 8: "plant/line\(number / 1000)/alarm\(number)"
        case 9: "plant/line\(number / 1000)/area\(number)/pump"
        default: filter(number)
        }
    }

    func owner(of number: Int) -> Int {
        number % 2 == 0 || number < 10 ? 0 : 1 + number / 2 % others
    }

    func clientID(_ owner: Int) -> String { "scale-\(owner)" }

    func fence(_ owner: Int) -> String { "fence/\(owner)" }

    func retainedTopic(_ number: Int) -> String { "state/line\(number / 1000)/point\(number)" }

    /// Every so many-th subscription is tried after a recovery.
    var sample: [Int] {
        Array(stride(from: 0, to: subscriptions, by: max(1, subscriptions / 2000)))
            + Array(max(0, subscriptions - 10)..<subscriptions)
    }

    /// Bytes of the filters of a range, which no store can do without.
    func textBytes(_ range: Range<Int>) -> Int {
        range.reduce(0) { $0 + filter($1).utf8.count }
    }

    /// The payload of a retained message, which tells its number.
    func body(_ number: Int) -> [UInt8] { Array("\(number) 24.7 degrees and then some".utf8) }

    func bodyBytes(_ range: Range<Int>) -> Int {
        range.reduce(0) { $0 + body($1).count + retainedTopic($1).utf8.count }
    }
}
