// SPDX-License-Identifier: Apache-2.0
//
// The engine under arbitrary bytes: the input says who connects, what each client sends byte for byte,
// when time passes, when the disk answers, and when the broker dies.
import MQTT

@testable import BrokerCore

enum EngineTarget {
    static func run(_ input: [UInt8], _ planted: Planted?) throws(Breach) {
        var script = Script(input)
        let harness = BrokerHarness(Limits(&script), planted: planted)
        while !script.isAtEnd {
            try step(&script, harness)
        }
        try harness.judgeEnd()
    }

    private static func step(
        _ script: inout Script, _ harness: BrokerHarness
    ) throws(Breach) {
        let word = script.byte()
        let open = harness.openLinks
        let link = open.isEmpty ? ConnectionID(place: 0) : open[Int(word >> 4) % open.count]
        switch word & 15 {
        case 0: if open.count < 5 { _ = try harness.open() }
        case 1...7:
            let bytes = script.bytes(Int(script.byte()))
            try harness.send(bytes, on: link, packetwise: word & 15 > 2)
        case 8: try harness.lose(link)
        case 9: try harness.pass(script.pick(Misfortune.times))
        case 10: harness.home.isLate = true
        case 11: try harness.commit()
        case 12: try harness.commitAll()
        default: try Misfortune.strike(word, link, &script, harness)
        }
    }
}

/// What is rarer, and the same for all who drive an engine.
enum Misfortune {
    static let times: [Duration] = [
        .milliseconds(1), .seconds(1), .seconds(31), .seconds(200), .seconds(86_400),
        .seconds(8 * 86_400),
    ]

    static func strike(
        _ word: UInt8, _ link: ConnectionID, _ script: inout Script, _ harness: BrokerHarness
    ) throws(Breach) {
        switch word & 3 {
        case 1: try harness.crash()
        case 2:
            let room = Int(script.byte())
            try harness.setRoom(room == 255 ? nil : room, of: link)
        case 3: try harness.setStoreFull(word & 16 != 0)
        default:
            try harness.shutDown()
            try harness.crash()
        }
    }
}
