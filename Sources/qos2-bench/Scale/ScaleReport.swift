// SPDX-License-Identifier: Apache-2.0
//
// What came of a run at scale, in lines for people and in JSON for scripts.

struct ScaleReport {
    /// What a message costs the broker's loop among so many subscriptions, in nanoseconds of CPU.
    struct MatchingCost {
        let subscriptions: Int
        /// Messages to one place in the tree.
        let near: Int
        /// Messages all over the tree, whose nodes are in no cache.
        let spread: Int
    }

    /// What a message of ten busy clients costs the broker in a crowd, in nanoseconds of CPU.
    struct CrowdCost {
        let crowd: String
        let nanoseconds: Int
    }

    var costs: [MatchingCost] = []
    var residentEmpty = 0
    var residentSubscribed = 0
    var residentRetained = 0
    var recoveredSubscriptions: Int64 = 0
    var recoveredAll: Int64 = 0
    /// Resident memory after a recovery, divided: bytes.
    var perSubscription = 0
    var textPerSubscription = 0
    var perRetained = 0
    var bodyPerRetained = 0
    var retainedMissing = 0
    var retainedForeign = 0
    var sampled = 0
    var ownersWrong = 0
    /// The first is without a crowd.
    var crowds: [CrowdCost] = []

    var isExact: Bool { retainedMissing == 0 && retainedForeign == 0 && ownersWrong == 0 }

    /// In percent, of what a message costs in the largest crowd above what it costs among few: at one
    /// place among all subscriptions, among connections, beside messages that wait.
    var rise: Int {
        var rises = [0]
        if let few = costs.first, let many = costs.last, few.near > 0 {
            rises.append((many.near - few.near) * 100 / few.near)
        }
        if let alone = crowds.first, alone.nanoseconds > 0 {
            rises += crowds.map { ($0.nanoseconds - alone.nanoseconds) * 100 / alone.nanoseconds }
        }
        return rises.max() ?? 0
    }

    var lines: [String] {
        let costs = costs.map {
            "a message among \($0.subscriptions) subscriptions: \($0.near) ns of CPU at one place, "
                + "\($0.spread) ns all over the tree"
        }
        return costs + [
            "a subscription: \(perSubscription) bytes, with \(textPerSubscription) of text",
            "a retained message: \(perRetained) bytes, with \(bodyPerRetained) of topic and payload",
            "resident: \(megabytes(residentEmpty)) empty, \(megabytes(residentSubscribed)) "
                + "subscribed, \(megabytes(residentRetained)) with retained messages too",
            "recovery: \(milliseconds(recoveredSubscriptions)) of the subscriptions, "
                + "\(milliseconds(recoveredAll)) of all",
            "after kill -9: \(retainedMissing) retained messages missing, \(retainedForeign) "
                + "foreign; of \(sampled) subscriptions tried, \(ownersWrong) sessions heard "
                + "anything else",
        ] + crowds.map { "a message of ten busy clients \($0.crowd): \($0.nanoseconds) ns of CPU" }
    }

    var json: String {
        var object = JSONObject()
        for cost in costs {
            object.put("ns_near_\(cost.subscriptions)", cost.near)
            object.put("ns_spread_\(cost.subscriptions)", cost.spread)
        }
        for cost in crowds {
            object.put("ns_\(cost.crowd.replacing(" ", with: "_"))", cost.nanoseconds)
        }
        object.put("bytes_per_subscription", perSubscription)
        object.put("text_per_subscription", textPerSubscription)
        object.put("bytes_per_retained", perRetained)
        object.put("body_per_retained", bodyPerRetained)
        object.put("recovery_subscriptions_ms", Int(recoveredSubscriptions / 1_000_000))
        object.put("recovery_all_ms", Int(recoveredAll / 1_000_000))
        object.put("retained_missing", retainedMissing)
        object.put("retained_foreign", retainedForeign)
        object.put("sampled", sampled)
        object.put("owners_wrong", ownersWrong)
        return object.text
    }

    private func megabytes(_ bytes: Int) -> String {
        "\(Decimals.text(Double(bytes) / 1e6, 1)) MB"
    }

    private func milliseconds(_ time: Int64) -> String { "\(time / 1_000_000) ms" }
}
