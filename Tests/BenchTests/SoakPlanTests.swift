// SPDX-License-Identifier: Apache-2.0
//
// The blows of a soak: as many as asked for, on whom it was asked for, and the same for one seed.
import ClientCore
import Testing

@testable import qos2_bench

@Suite struct SoakPlanTests {
    private func blows(_ victims: SoakPlan.Victims, seed: UInt64) -> [SoakPlan.Blow] {
        var plan = SoakPlan()
        plan.victims = victims
        plan.kills = 200
        plan.cuts = 50
        var random = SeededGenerator(seed: seed)
        return plan.blows(using: &random)
    }

    @Test(arguments: SoakPlan.Victims.allCases)
    func thereAreAsManyAsWereAskedFor(victims: SoakPlan.Victims) {
        let blows = blows(victims, seed: 1)
        #expect(blows.count == 250)
        #expect(blows.count { $0 == .cut } == 50)
        for role in SoakPlan.Role.allCases {
            let hits = blows.count { $0 == .kill(role) }
            #expect(victims.roles.contains(role) ? hits > 30 : hits == 0)
        }
        #expect((blows.contains(.killAll)) == (victims == .all))
    }

    @Test func theSeedDecides() {
        #expect(blows(.all, seed: 5) == blows(.all, seed: 5))
        #expect(blows(.all, seed: 5) != blows(.all, seed: 6))
    }
}
