// SPDX-License-Identifier: Apache-2.0
//
// The power fails under the real programs, again and again: at any change of the disk, with any
// part of what was not synced left, names included. Every start works, and every reading is in the
// database once. QOS2_POWER_CUTS asks for more than the ring's share.
import Foundation
import Testing

@Suite(.serialized, .enabled(if: LosingMount.isPossible)) struct PowerCut {
    /// How often each fault strikes.
    static let count =
        ProcessInfo.processInfo.environment["QOS2_POWER_CUTS"].flatMap(Int.init) ?? 12

    /// The changes until the next fault: within a start, or under load.
    private func change(_ random: inout SystemRandomNumberGenerator) -> Int {
        Int.random(in: 1...([20, 100, 600].randomElement(using: &random)!), using: &random)
    }

    @Test(arguments: ["5", "3.1.1"], ["older", "garbage"])
    func everyReadingIsThereOnce(version: String, remains: String) throws {
        let system = try PoweredSystem(publisherOnMount: true, version: version)
        var random = SystemRandomNumberGenerator()
        for cut in 1...Self.count {
            if cut % 3 == 0 { try system.waitForRows(Int.random(in: 1...300)) }
            let seed = UInt64.random(in: 0...UInt64(Int.max), using: &random)
            try system.cutPower(at: change(&random), seed: seed, leaving: remains)
            #expect(!system.broker.log.contains("damaged"), "\(system.broker.log)")
        }
        try system.finish()
    }

    /// The disk refuses one write or sync: the broker ends with one line that says so, and the next
    /// one goes on, also when the power fails later and takes what the failed sync never wrote.
    @Test func anErrorOfTheDiskEndsTheBroker() throws {
        let system = try PoweredSystem(publisherOnMount: false)
        var random = SystemRandomNumberGenerator()
        for error in 1...Self.count {
            try system.waitForRows(1)
            let kind = ["write", "sync"].randomElement(using: &random)!
            #expect(try system.mount.order("fail \(kind) \(change(&random))") == "done")
            #expect(try system.broker.end(within: .seconds(60)) == 74, "\(system.broker.log)")
            let lines = system.broker.lines.filter { $0.contains("qos2-broker: ") }
            #expect(lines.count == 1 && lines[0].contains("Input/output error"), "\(lines)")
            try system.startBroker()
            if error % 2 == 0 {
                let seed = UInt64.random(in: 0...UInt64(Int.max), using: &random)
                try system.cutPower(at: change(&random), seed: seed, leaving: "older")
                #expect(!system.broker.log.contains("damaged"), "\(system.broker.log)")
            }
        }
        try system.finish()
    }

    /// The ring itself is tried: a disk that says "synced" and is not must show. What was
    /// acknowledged meanwhile is nowhere else.
    @Test func aDiskThatLiesIsFoundOut() throws {
        let system = try PoweredSystem(publisherOnMount: false)
        try system.waitForRows(100)
        try system.stopSubscriber()
        try system.mount.order("lie on")
        try system.waitForReadings(1_000)
        try system.cutPower(at: 20, seed: 1, leaving: "older")
        try system.mount.order("lie off")
        try system.startSubscriber()
        try system.finish(expecting: 2)
    }
}
