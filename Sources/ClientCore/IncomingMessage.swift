// SPDX-License-Identifier: Apache-2.0
//
// A PUBLISH that has arrived, and the receipt with which its receiver answers later. Topic, payload
// and properties are ranges into the bytes that are offered with it.
import MQTT

/// What an answer refers to. An identifier alone is not enough: on a new connection, or in a new
/// session, it may stand for another message, and a late answer must not acknowledge that one.
package struct Receipt: Hashable, Sendable {
    package let id: PacketID
    /// Ascending with each connection.
    let connection: UInt32

    init(id: PacketID, connection: UInt32) {
        self.id = id
        self.connection = connection
    }
}

package struct IncomingMessage: Equatable, Sendable {
    package let qos: QoS
    /// The PUBLISH itself says that it may have been here before.
    package let duplicate: Bool
    package let retain: Bool
    /// It has been here before: nothing is to be stored but its answer is owed again.
    package let isRepeat: Bool
    /// Nil for QoS 0, which nobody answers.
    package let receipt: Receipt?
    package let topic: Range<Int>
    package let payload: Range<Int>
    package let properties: PublishProperties

    init(_ packet: PublishPacket, _ receipt: Receipt?, isRepeat: Bool) {
        qos = packet.qos
        duplicate = packet.duplicate
        retain = packet.retain
        self.isRepeat = isRepeat
        self.receipt = receipt
        topic = packet.topic
        payload = packet.payload
        properties = packet.properties
    }

    /// `stream/seq` from the user properties, where the publisher gave both.
    package func label(in bytes: Span<UInt8>) -> String? {
        var stream: String?
        var seq: String?
        var entries = properties.all.makeIterator()
        while let property = entries.next(.userProperty, in: bytes) {
            switch text(property.name, in: bytes) {
            case "stream": stream = stream ?? text(property.value, in: bytes)
            case "seq": seq = seq ?? text(property.value, in: bytes)
            default: break
            }
        }
        guard let stream, let seq else { return nil }
        return "\(stream)/\(seq)"
    }

    private func text(_ range: Range<Int>, in bytes: Span<UInt8>) -> String {
        ClientCore.text(bytes, range)
    }
}

func text(_ bytes: Span<UInt8>, _ range: Range<Int>?) -> String? {
    guard let range else { return nil }
    let whole: String = text(bytes, range)
    return whole
}

func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    let source = bytes.extracting(range)
    return unsafe source.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
}

/// Who receives messages. It is called while a packet is taken, in the order of the packets, and
/// must not call the engine from there: it answers later, when what it did is durable.
package protocol ClientApplication: AnyObject {
    /// A message, first or repeated. Unless it is ignored, `ClientEngine.stored` must follow for
    /// its receipt, if it has one.
    func arrived(_ message: IncomingMessage, in bytes: Span<UInt8>) -> Reception

    /// PUBREL: the identifier is to be forgotten; `ClientEngine.forgotten` must follow.
    func released(_ receipt: Receipt)

    /// The server has lost our session: all identifiers are to be forgotten before anything that
    /// arrives from now on is stored. No answer is needed.
    func sessionLost()
}

package enum Reception: Equatable, Sendable {
    /// It will be stored. The label names it in log lines.
    case willBeStored(label: String?)
    /// It is of no interest, and may be acknowledged at once.
    case ignored
}
