// SPDX-License-Identifier: Apache-2.0
// One packet of a handshake as a person sees it in the log, the same in broker and clients:
// which of how many steps, sent or received, whose, and how long it took. Values only;
// HandshakeStep+Text words them.

/// One line of a handshake.
package struct HandshakeStep: Hashable, Sendable {
    package enum Direction: Hashable, Sendable {
        case received
        case sent
    }

    /// What a step adds behind the packet identifier.
    package enum Outcome: Hashable, Sendable {
        case none
        /// An acknowledgement that waited for the disk.
        case onDisk(Duration)
        /// An acknowledgement of a session that ends with its connection: no disk is waited for.
        case taken(Duration)
        /// The receiver has the message for good.
        case committed(Duration)
        /// The handshake with the publisher is over.
        case done(Duration)
        /// The handshake with the receiver is over.
        case delivered(Duration)
        /// The packet repeats what was there already.
        case repeated
        /// An acknowledgement that refuses.
        case refused(ReasonCode)
        /// The identifier is not open here.
        case unknown
    }

    package var direction: Direction
    package var packet: PacketKind
    package var client: ClientID
    package var id: PacketID?
    package var outcome = Outcome.none

    /// Of the PUBLISH: the later steps carry them too, for the fields of the log line.
    package var qos: QoS
    package var isDuplicate = false
    package var isRetained = false
    package var topic = ""
    /// The payload's bytes.
    package var size = 0
    /// `stream/seq`, if the publisher gave it.
    package var message: String?

    package init(
        _ direction: Direction, _ packet: PacketKind, client: ClientID, id: PacketID?, qos: QoS
    ) {
        self.direction = direction
        self.packet = packet
        self.client = client
        self.id = id
        self.qos = qos
    }

    /// 1 for PUBLISH up to 4 for PUBCOMP; PUBACK is 2 of 2.
    package var number: Int {
        switch packet {
        case .pubrec, .puback: 2
        case .pubrel: 3
        case .pubcomp: 4
        default: 1
        }
    }

    /// How many packets this handshake has.
    package var count: Int {
        switch qos {
        case .atMostOnce: 1
        case .atLeastOnce: 2
        case .exactlyOnce: 4
        }
    }
}
