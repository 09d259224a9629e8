// SPDX-License-Identifier: Apache-2.0
// What may come on a connection, and how large: asked before a packet is taken apart.
import MQTT

/// It changes with CONNECT alone.
struct PacketRule {
    let version: ProtocolVersion
    private let isOpen: Bool
    private let sizeMax: Int
    private let takesShort: Bool

    init(for connection: borrowing Connection, _ limits: borrowing Limits) {
        version = connection.version
        isOpen = connection.phase == .open
        let limit = Int(limits.packetSizeMax ?? .max)
        sizeMax = isOpen ? limit : min(limit, limits.connectBytesMax)
        takesShort = isOpen && sizeMax >= AcknowledgementPacket.shortSize
    }

    /// One of success, in its short form; nil for any other packet, and while it has not arrived.
    @inline(__always)
    func acknowledgement(
        in bytes: Span<UInt8>, at position: Int
    ) -> (kind: PacketKind, id: PacketID)? {
        guard takesShort else { return nil }
        return AcknowledgementPacket.shortForm(in: bytes, at: position)
    }

    /// Of a packet that may come; nil for any other, and while it has not arrived itself.
    func header(in bytes: Span<UInt8>, at position: Int) -> FixedHeader? {
        guard isOpen, let header = try? FixedHeader.read(bytes, at: position, version: version),
            header.end - position <= sizeMax
        else { return nil }
        return header
    }

    /// The header of a PUBLISH that has arrived whole; nil for any other packet too.
    @inline(__always)
    func publish(in bytes: Span<UInt8>, at position: Int) throws(DecodeError) -> FixedHeader? {
        guard position < bytes.count, bytes[position] &>> 4 == PacketKind.publish.rawValue else {
            return nil
        }
        return try packet(in: bytes, at: position)
    }

    /// The header of a packet that has arrived whole; nil while it has not.
    @inline(__always)
    func packet(in bytes: Span<UInt8>, at position: Int) throws(DecodeError) -> FixedHeader? {
        guard
            let header = try FixedHeader.read(
                bytes, at: position, version: isOpen ? version : nil)
        else { return nil }
        if !isOpen, header.kind != .connect {
            throw .protocolError(.packetOutOfPlace)  // [MQTT-3.1.0-1]
        }
        try header.checkSize(from: position, limit: sizeMax)
        return header.end <= bytes.count ? header : nil
    }
}
