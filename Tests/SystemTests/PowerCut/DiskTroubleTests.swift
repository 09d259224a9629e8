// SPDX-License-Identifier: Apache-2.0
//
// A disk that fills up, and one that changes what it was given, under the real programs. The broker
// starts every time, and nothing that can be kept is lost.
import Foundation
import Testing

extension PowerCut {
    /// What is refused was not acknowledged, what is owed is delivered, and all goes on by itself
    /// when there is room, also after a start into the full disk.
    @Test(arguments: ["5", "3.1.1"])
    func aFullDiskLosesNothing(version: String) throws {
        let system = try PoweredSystem(publisherOnMount: false, version: version)
        for round in 1...max(2, Self.count / 2) {
            try system.waitForRows(50)
            try system.fillDisk()
            if round % 2 == 0 {
                system.broker.crash()
                try system.startBroker()
            }
            #expect(system.broker.isRunning)
            try system.emptyDisk()
        }
        try system.finish()
    }

    /// What is found behind the last commit is told and cut.
    @Test func aDamagedTailIsCut() throws {
        let system = try PoweredSystem(publisherOnMount: false)
        var random = SystemRandomNumberGenerator()
        for _ in 1...Self.count {
            try system.waitForRows(Int.random(in: 1...100, using: &random))
            system.broker.crash()
            let seed = UInt64.random(in: 0...UInt64(Int.max), using: &random)
            try system.damageNewestSegment(behind: true, seed: seed)
            try system.startBroker()
            let log = system.broker.log
            #expect(log.contains("tail cut at") && !log.contains("damaged"), "\(log)")
        }
        try system.finish()
    }

    /// What was committed and cannot be read is no torn end: the broker starts and names it.
    @Test func damageInTheMiddleIsNamed() throws {
        let system = try PoweredSystem(publisherOnMount: false)
        try system.waitForRows(500)
        system.broker.crash()
        try system.damageNewestSegment(behind: false, seed: 7)
        try system.startBroker()
        #expect(system.broker.log.contains("store damaged: what segment-"), "\(system.broker.log)")
    }
}
