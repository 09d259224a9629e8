// SPDX-License-Identifier: Apache-2.0
// No message costs more than it did when its budget was written. Instructions are counted, not
// measured: neither the load of the machine nor its speed is in them.
import Foundation
import Testing

@Suite(.serialized) struct BudgetTests {
    /// `QOS2_BUDGETS=renew` writes what is spent now as what may be spent.
    private static let isRenewing =
        ProcessInfo.processInfo.environment["QOS2_BUDGETS"] == "renew"

    @Test(arguments: Path.allCases)
    func aMessageCostsNoMoreThanItsBudget(path: Path) throws {
        let spent = try Budget(of: path, path.profile())
        #expect(spent.instructions > 0, "nothing was counted")
        var budgets = try Budgets()
        if Self.isRenewing {
            budgets[path] = spent
            try budgets.write()
            return
        }
        let budget = try #require(budgets[path], "\(path) has no budget")
        switch budget.verdict(on: spent) {
        case .kept: break
        case .generous(let words): print("notice:", words)
        case .exceeded(let words): Issue.record("\(words)")
        }
    }

    /// What has no place on the way of a packet, by the beginnings of its names.
    private static let foreign = [
        "swift_retain", "swift_release", "swift_bridgeObjectRetain", "swift_bridgeObjectRelease",
        "swift_allocObject", "swift_slowAlloc", "swift_beginAccess", "swift_dynamicCast",
        "swift_getTypeByMangledName", "swift_getGenericMetadata", "swift_getWitnessTable",
        "$ss22__RawDictionaryStorageC4find", "__swift_project_boxed_opaque_existential",
    ]

    /// A turn of the loop may do some of this; a turn has a hundred messages here, four times each.
    @Test func theCleanPathOfQoS2CountsNoReferencesAndLooksNothingUp() throws {
        let profile = try Path.qos2.profile()
        #expect(profile.allocations == 0)
        for (name, number) in profile.calls.sorted(by: { $0.key < $1.key }) where number > 0.2 {
            #expect(!Self.foreign.contains { name.hasPrefix($0) }, "\(number) × \(name)")
        }
    }

    @Test func aPlantedCostIsNoticed() throws {
        let budget = try #require(try Budgets()[.qos2])
        let spent = try Path.qos2.profile(planted: true)
        guard case .exceeded(let words) = try budget.verdict(on: Budget(of: .qos2, spent)) else {
            Issue.record("an allocation for each byte was not noticed")
            return
        }
        #expect(words.contains("+"), "it is not said what has grown: \(words)")
        #expect(spent.allocations > 1)
        #expect((spent.calls["swift_allocObject"] ?? 0) > 1)
    }
}
