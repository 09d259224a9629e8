// SPDX-License-Identifier: Apache-2.0
// The way out to one connection: its gated output and what the engine still has to do about it.
import Journal
import MQTT

struct Outlet: ~Copyable {
    var output = GatedOutput()
    /// PUBACKs that wait for their gate: their messages are in the client's quota still.
    var unacknowledged = GatedCount()
    var aliases = OutgoingAliases()
    /// The commit whose opening of a gate its peer may be answering now: the last bits of its number.
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

    /// PUBACK, PUBREC, PUBREL or PUBCOMP of success.
    @inline(__always)
    mutating func acknowledge(
        _ kind: PacketKind, _ packet: PacketID, behind gate: Gate, _ durable: Gate
    ) {
        if kind == .puback { unacknowledged.add(behind: gate, durable: durable) }
        let word = AcknowledgementPacket.shortForm(kind, packet)
        output.append(word: word, behind: gate, durable: durable)
    }

    /// Bytes that wait in it; nil when no more are taken from the connection.
    var backlog: Int? { isDeaf ? nil : output.pendingBytes }
}
