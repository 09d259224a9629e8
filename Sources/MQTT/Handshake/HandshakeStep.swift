// SPDX-License-Identifier: Apache-2.0
// One packet of a handshake as a person sees it in the log, the same in broker and clients:
// which of how many steps, sent or received, whose, and how long it took. Values only;
// HandshakeStep+Text words them.

/// One line of a handshake.
public struct HandshakeStep: Hashable, Sendable {
    public enum Direction: Hashable, Sendable {
        case received
        case sent
    }

    /// What a step adds behind the packet identifier.
    public enum Outcome: Hashable, Sendable {
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

    public var direction: Direction
    public var packet: PacketKind
    public var client: ClientID
    public var id: PacketID?
    public var outcome = Outcome.none

    /// Of the PUBLISH: the later steps carry them too, for the fields of the log line.
    public var qos: QoS
    public var isDuplicate = false
    public var isRetained = false
    public var topic = ""
    /// The payload's bytes.
    public var size = 0
    /// `stream/seq`, if the publisher gave it.
    public var message: String?

    public init(
        _ direction: Direction, _ packet: PacketKind, client: ClientID, id: PacketID?, qos: QoS
    ) {
        self.direction = direction
        self.packet = packet
        self.client = client
        self.id = id
        self.qos = qos
    }

    /// 1 for PUBLISH up to 4 for PUBCOMP; PUBACK is 2 of 2.
    public var number: Int {
        switch packet {
        case .pubrec, .puback: 2
        case .pubrel: 3
        case .pubcomp: 4
        default: 1
        }
    }

    /// How many packets this handshake has.
    public var count: Int {
        switch qos {
        case .atMostOnce: 1
        case .atLeastOnce: 2
        case .exactlyOnce: 4
        }
    }
}
