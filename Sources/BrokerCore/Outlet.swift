// SPDX-License-Identifier: Apache-2.0
// The way out to one connection: its gated output and what the engine still has to do about it.
import Journal
import MQTT

struct Outlet: ~Copyable {
    var output = GatedOutput()
    /// PUBACKs that wait for their gate: their messages are in the client's quota still.
    var unacknowledged = GatedCount()
    var aliases = OutgoingAliases()
    /// The commit whose opening of a gate its peer may be answering now: the last bits of its number. 0
    /// where it has said something since.
    var answersCommit: UInt32 = 0
    /// Where it is on the engine's list of outlets to look at when the turn ends, counted from 1.
    var listPlace: UInt32 = 0
    /// Its session outlives it, so that whatever it is told may follow from facts that are on their way
    /// to the disk.
    var isDurable = false
    /// The connection closes as soon as everything has left.
    var isClosing = false
    /// DISCONNECT came: the client sends nothing behind it. [MQTT-3.14.4-2]
    var peerIsDone = false
    /// No more bytes are taken from the connection.
    var isDeaf = false
    /// Its CONNACK could not be said, so nothing else may be.
    var isVoid = false
    /// More waits in it than a sound receiver leaves.
    var isCongested = false
    /// So much waits in it that its peer is not read from.
    var isFlooded = false
    /// Its memory counts among that of all.
    var isCounted = false

    /// Where the journal stands when something is said.
    struct Standing {
        var tail: Gate
        var durable: Gate
        /// A fact of this event goes to the disk.
        var eventIsDurable: Bool
    }

    /// PUBACK, PUBREC, PUBREL or PUBCOMP of success.
    @inline(__always)
    mutating func acknowledge(_ kind: PacketKind, _ packet: PacketID, _ standing: Standing) {
        let gate = follows(standing) ? standing.tail : .none
        if kind == .puback { unacknowledged.add(behind: gate, durable: standing.durable) }
        let word = AcknowledgementPacket.shortForm(kind, packet)
        output.append(word: word, behind: gate, durable: standing.durable)
    }

    /// PUBLISH, encoded from where the message lies, with its payload or up to it. The answer is what
    /// waits here when the payload has come too.
    @inline(__always)
    mutating func publish(
        _ message: borrowing Message, _ encoder: PublishEncoder, _ topicCount: Int,
        _ identifiers: Span<UInt32>, withPayload: Bool, _ standing: Standing
    ) -> Int {
        output.append(
            atMost: withPayload ? encoder.packetSize : encoder.encodedSize,
            behind: gate(of: message, encoder.head.qos, standing), durable: standing.durable
        ) { out in
            encoder.encode(
                topic: message.topic.extracting(first: topicCount),
                subscriptionIdentifiers: identifiers, forwardable: message.properties, into: &out)
            if withPayload { out.append(message.payload) }
        }
        return output.pendingBytes + (withPayload ? 0 : message.payloadCount)
    }

    /// A QoS 0 PUBLISH that goes on as it came. The answer is what waits here then.
    @inline(__always)
    mutating func pass(_ body: Span<UInt8>, durable: Gate) -> Int {
        let encoder = PlainPublish(bodyCount: body.count)
        output.append(atMost: encoder.packetSize, behind: .none, durable: durable) { out in
            encoder.encode(body, into: &out)
        }
        return output.pendingBytes
    }

    /// What goes from QoS 0 to QoS 0 promises nothing and waits for nothing. A message that the journal
    /// has may have waited here while its release is on its way to the disk.
    @inline(__always)
    private func gate(of message: borrowing Message, _ qos: QoS, _ standing: Standing) -> Gate {
        let isPromise = qos > .atMostOnce || message.qos > .atMostOnce
        guard isPromise, follows(standing) || message.isJournalled else { return .none }
        return standing.tail
    }

    /// Whether what is said may follow from a fact that is on its way to the disk: one of this event, or
    /// an earlier one of a session that has any. To sessions that end with their connections nothing
    /// else was ever promised, and they wait for nobody's disk.
    @inline(__always)
    private func follows(_ standing: Standing) -> Bool { standing.eventIsDurable || isDurable }

    /// It comes on the engine's list, and will get bytes.
    @inline(__always)
    mutating func enlist(at place: Int, borrowingFrom buffers: borrowing BufferPool) {
        output.borrow(from: buffers)
        listPlace = UInt32(place)
    }

    /// Whether it has something to write, and whether something in it waits for a gate: then it stays on
    /// the list, at `place`.
    @inline(__always)
    mutating func look(_ durable: Gate, listedAs place: Int) -> (isWritable: Bool, isGated: Bool) {
        let (isWritable, isGated) = output.look(durable: durable)
        listPlace = isGated ? UInt32(place) : 0
        return (isWritable, isGated)
    }

    /// It is to be counted, or not any more, or with the memory that it has by now.
    @inline(__always)
    var isToCount: Bool { isCounted || output.memoryBytes >= OutputShare.least }

    /// Something is to be done when enough has left.
    @inline(__always)
    var isWaitedFor: Bool { isClosing || isCongested || isFlooded }

    /// Bytes that wait in it; nil when no more are taken from the connection.
    var backlog: Int? { isDeaf ? nil : output.pendingBytes }
}
