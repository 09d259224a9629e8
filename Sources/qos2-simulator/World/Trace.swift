// SPDX-License-Identifier: Apache-2.0
// The last events of a world, for whoever has to understand a failure: aligned columns of time,
// place, what happened, and its particulars.
import MQTT

struct Trace {
    private static let kept = 60

    private var last: [(at: Instant, sight: Sight)] = []
    private var next = 0
    private(set) var count = 0
    private(set) var hash = EventHash()

    mutating func append(_ sight: Sight, at now: Instant) {
        count += 1
        hash.mix(Int(now.nanoseconds))
        sight.mix(into: &hash)
        if last.count < Self.kept {
            last.append((now, sight))
        } else {
            last[next] = (now, sight)
            next = (next + 1) % Self.kept
        }
    }

    /// Oldest first.
    func lines(_ world: World) -> [String] {
        (last[next...] + last[..<next]).map { Self.line($0.sight, at: $0.at, world) }
    }

    static func line(_ sight: Sight, at: Instant, _ world: World) -> String {
        let words = sight.words(world)
        return time(at - World.beginning).padded(13, toTheRight: true) + "  "
            + words.place.padded(14) + words.what.padded(13) + words.details
    }

    private static func time(_ time: Duration) -> String {
        let microseconds = time.wholeNanoseconds / 1000
        let rest = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - rest.utf8.count)
            + rest
    }
}

extension String {
    func padded(_ width: Int, toTheRight: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - utf8.count))
        return toTheRight ? space + self : self + space
    }
}

extension Sight {
    fileprivate func words(_ world: World) -> (place: String, what: String, details: String) {
        func name(_ node: Int) -> String { world.nodes[node].name }
        func path(_ link: Int, _ from: End) -> String {
            let client = world.links[link].client.name
            return from == .client ? "\(client) > broker" : "broker > \(client)"
        }
        switch self {
        case .started(let node): return (name(node), "started", "")
        case .died(let node, let death): return (name(node), "died", "\(death)")
        case .recovered(let node, let batches, let torn, let aside, _):
            return (name(node), "recovered", "batches=\(batches) torn=\(torn) set-aside=\(aside)")
        case .notRecovered(let node, let error): return (name(node), "NOT RECOVERED", " \(error)")
        case .checkpoint(let node): return (name(node), "checkpoint", "")
        case .handed(let node, let batch): return (name(node), "commit", "\(batch.count) B")
        case .durable(let node, let number, _): return (name(node), "durable", "batch \(number)")
        case .diskFailed(let node, let error): return (name(node), "disk failed", "\(error)")
        case .opened(let link): return (path(link, .client), "opened", "link \(link)")
        case .closed(let link, let end):
            return (path(link, .client), "closed", "link \(link) at \(end)")
        case .cut(let link): return (path(link, .client), "cut", "link \(link)")
        case .left(let link, let end, let packet):
            return (path(link, end), "sends", packet.words)
        case .arrived(let link, let end, let packet):
            return (path(link, end.other), "is heard", packet.words)
        case .offered(let node, let label): return (name(node), "offered", "message \(label)")
        case .taken(let node, let label): return (name(node), "taken", "message \(label)")
        case .gaveUp(let node, let why): return (name(node), "gave up", why)
        case .objected(let node, let what): return (name(node), "objects", what)
        case .stored(let node, let label, let qos):
            return (name(node), "row", "message \(label) qos \(qos)")
        case .faultsEnded: return ("world", "calm", "no more misfortunes")
        }
    }
}

extension WirePacket {
    fileprivate var words: String {
        let reason =
            reason == .success ? "" : " reason=0x\(String(self.reason.rawValue, radix: 16))"
        switch kind {
        case .connect: return "CONNECT clean=\(flag) receive-maximum=\(receiveMaximum)"
        case .connack: return "CONNACK present=\(flag) receive-maximum=\(receiveMaximum)" + reason
        case .publish:
            return "PUBLISH".padded(9) + "id=\(id)".padded(9) + "qos=\(qos.rawValue) message "
                + "\(label)" + (isDuplicate ? " DUP" : "")
        case .puback, .pubrec, .pubrel, .pubcomp: return kind.name.padded(9) + "id=\(id)" + reason
        default: return kind.name + reason
        }
    }
}
