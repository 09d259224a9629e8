// SPDX-License-Identifier: Apache-2.0
//
// Who gets whose messages, and the stamp that they carry.
import Testing

@testable import qos2_bench

@Suite struct LoadPlanTests {
    private func plan(
        _ publishers: Int, _ subscribers: Int, _ topics: LoadPlan.Topics = .pairs
    ) -> LoadPlan {
        var plan = LoadPlan(work: .run, name: "test")
        plan.publishers = publishers
        plan.subscribers = subscribers
        plan.topics = topics
        return plan
    }

    @Test(arguments: [(10, 10), (1, 10), (100, 10), (3, 7), (7, 3), (1, 1), (5, 0)])
    func bothSidesCountTheSameDeliveries(publishers: Int, subscribers: Int) {
        for topics in [LoadPlan.Topics.pairs, .shared] {
            let plan = plan(publishers, subscribers, topics)
            var receivers = [Int](repeating: 0, count: publishers)
            for subscriber in 0..<subscribers {
                let own = plan.publishers(of: subscriber)
                for publisher in 0..<publishers {
                    let place = plan.place(of: publisher, for: subscriber)
                    #expect(place == own.firstIndex(of: publisher))
                }
                own.forEach { receivers[$0] += 1 }
            }
            #expect(receivers == (0..<publishers).map(plan.receivers(of:)))
            #expect(subscribers == 0 || receivers.allSatisfy { $0 > 0 })
        }
    }

    @Test func pairsArePairs() {
        let plan = plan(10, 10)
        #expect((0..<10).allSatisfy { plan.publishers(of: $0) == [$0] })
    }

    @Test func whoTakesAllAsksForAllAtOnce() {
        #expect(plan(50, 1).filters(of: 0) == ["test/+"])
        #expect(plan(4, 2).filters(of: 1) == ["test/1", "test/3"])
        #expect(plan(1, 50).filters(of: 7) == ["test/0"])
        #expect(plan(50, 3, .shared).filters(of: 2) == ["test/all"])
    }

    @Test func allMessagesAreDealtOut() {
        var plan = plan(7, 7)
        plan.end = .messages(100)
        #expect((0..<7).compactMap(plan.quota(of:)) == [15, 15, 14, 14, 14, 14, 14])
    }

    @Test func aForeignPublisherHasNoPlace() {
        #expect(plan(3, 3).place(of: 3, for: 0) == nil)
    }

    @Test func aStampIsReadAsItWasWritten() {
        let stamp = Stamp(publisher: 7, sequence: 1 << 40, sentAt: 12_345)
        var payload = [UInt8](repeating: Stamp.filler, count: 40)
        payload.withUnsafeMutableBytes { stamp.write(to: $0.baseAddress!) }
        #expect(Stamp(payload.span, size: 40) == stamp)
        #expect(Stamp(payload.span, size: 41) == nil, "cut short")
        for index in [0, 3, 24, 39] {
            var damaged = payload
            damaged[index] ^= 1
            #expect(Stamp(damaged.span, size: 40) == nil, "byte \(index)")
        }
    }
}
