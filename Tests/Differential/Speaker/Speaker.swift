// SPDX-License-Identifier: Apache-2.0
//
// Our side of the comparison with decoders that others wrote: random packets with what our decoder
// reads in them, and what it reads in packets that come from there. One line a packet.
import MQTT

@main
enum Speaker {
    static func main() {
        let words = CommandLine.arguments
        if words.count == 4, words[1] == "generate", let seed = UInt64(words[2]),
            let count = Int(words[3])
        {
            generate(seed, count)
        } else if words.count == 2, words[1] == "decode" {
            while let line = readLine() { print(answer(to: line)) }
        } else {
            print("usage: speaker generate SEED COUNT | speaker decode")
        }
    }

    private static func generate(_ seed: UInt64, _ count: Int) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<count {
            let version = random.version()
            let sender: Role = random.chance(oneIn: 2) ? .client : .server
            let wire = random.wire(version, from: sender)
            print("\(version.rawValue) \(sender) \(wire.hex) \(decoded(wire, version, sender))")
        }
    }

    /// `5 client 10…` for a packet in hex.
    private static func answer(to line: String) -> String {
        let words = line.split(separator: " ")
        guard words.count == 3, let number = UInt8(words[0]),
            let version = ProtocolVersion(rawValue: number), let wire = bytes(words[2])
        else { return #"{"error":"not a packet: \#(line)"}"# }
        return decoded(wire, version, words[1] == "client" ? .client : .server)
    }

    private static func decoded(
        _ wire: [UInt8], _ version: ProtocolVersion, _ sender: Role
    ) -> String {
        do throws(DecodeError) {
            guard let header = try FixedHeader.read(wire.span, at: 0, version: version),
                header.end == wire.count
            else { return #"{"error":"not one whole packet"}"# }
            let packet = try AnyPacket(wire, header, version, from: sender)
            return packet.fields(wire, header.kind).json
        } catch {
            return #"{"error":"\#(error)"}"#
        }
    }

    private static func bytes(_ hex: Substring) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for at in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[at...at + 1], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
