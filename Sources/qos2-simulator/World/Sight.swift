// SPDX-License-Identifier: Apache-2.0
// What can be seen of a world from outside. Checkers judge nothing else, the trace remembers the
// last of it, and its hash tells whether a seed does the same thing twice.
import Journal
import MQTT

enum Sight {
    case started(node: Int)
    case died(node: Int, Node.Death)
    /// The chain of the journal on disk ends with this batch.
    case recovered(
        node: Int, batches: UInt64, tornBytes: Int, setAside: Int, state: String)
    /// A recovery that the disk refused, or that did not understand what it read.
    case notRecovered(node: Int, RecoveryError)
    case checkpoint(node: Int)
    /// A batch goes from the journal to its home.
    case handed(node: Int, batch: [UInt8])
    /// A batch would survive a power cut from now on.
    case durable(node: Int, number: UInt64, records: [UInt8])
    case diskFailed(node: Int, DiskError)
    case opened(link: Int)
    case closed(link: Int, End)
    case cut(link: Int)
    /// A packet was written to the network, whole.
    case left(link: Int, from: End, WirePacket)
    /// A packet came to its receiver, whole.
    case arrived(link: Int, at: End, WirePacket)
    /// A PLC has offered a message to its outbox.
    case offered(publisher: Int, label: Int)
    /// The outbox has it for good.
    case taken(publisher: Int, label: Int)
    /// A client said that a message was given up, or that nobody knows of it.
    case gaveUp(publisher: Int, String)
    /// A client says that the broker has broken a rule.
    case objected(node: Int, String)
    /// A row is in the database for good.
    case stored(subscriber: Int, label: Int, qos: UInt8)
    case faultsEnded
}

extension Sight {
    /// What the hash is made of: everything that could differ between two runs.
    func mix(into hash: inout EventHash) {
        switch self {
        case .started(let node): hash.mix(1, node)
        case .died(let node, let death): hash.mix(2, node, death.rank)
        case .recovered(let node, let batches, let torn, let aside, _):
            hash.mix(3, node, Int(batches), torn, aside)
        case .notRecovered(let node, _): hash.mix(4, node)
        case .checkpoint(let node): hash.mix(5, node)
        case .handed(let node, let batch):
            hash.mix(6, node, Int(CRC32C.checksum(0, batch.span)))
        case .durable(let node, let number, _): hash.mix(7, node, Int(number))
        case .diskFailed(let node, _): hash.mix(8, node)
        case .opened(let link): hash.mix(9, link)
        case .closed(let link, let end): hash.mix(10, link, end.rawValue)
        case .cut(let link): hash.mix(11, link)
        case .left(let link, let end, let packet):
            hash.mix(12, link, end.rawValue, Int(CRC32C.checksum(0, packet.bytes.span)))
        case .arrived(let link, let end, let packet):
            hash.mix(13, link, end.rawValue, Int(CRC32C.checksum(0, packet.bytes.span)))
        case .offered(let publisher, let label): hash.mix(14, publisher, label)
        case .taken(let publisher, let label): hash.mix(15, publisher, label)
        case .gaveUp(let publisher, _): hash.mix(16, publisher)
        case .stored(let subscriber, let label, let qos):
            hash.mix(18, subscriber, label, Int(qos))
        case .faultsEnded: hash.mix(19)
        case .objected(let node, _): hash.mix(20, node)
        }
    }
}

/// FNV-1a over words.
struct EventHash: Equatable {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func mix(_ words: Int...) {
        for word in words {
            value = (value ^ UInt64(truncatingIfNeeded: word)) &* 0x0000_0100_0000_01b3
        }
    }
}

extension Node.Death {
    fileprivate var rank: Int {
        switch self {
        case .kill: 0
        case .powerCut: 1
        case .diskFailure: 2
        }
    }
}
