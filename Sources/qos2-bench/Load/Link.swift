// SPDX-License-Identifier: Apache-2.0
//
// One client's connection: what it has to write, and the packets that both kinds of clients have
// alike. Which messages go over it, its publisher or subscriber knows.
import MQTT
import Reactor

final class Link {
    /// Where the connection's life stands, as its client has seen it.
    enum State {
        case apart
        case dialling
        case connecting
        case open
        case leaving
    }

    let clientID: String
    let version: ProtocolVersion
    var state = State.apart
    var connection = -1
    /// How many the server takes at once.
    private(set) var receiveMaximum = 65_535
    private(set) var isSessionPresent = false

    private var buffer: UnsafeMutableRawPointer
    private var capacity: Int
    private var begin = 0
    private var end = 0

    init(clientID: String, version: ProtocolVersion, capacity: Int = 4096) {
        self.clientID = clientID
        self.capacity = capacity
        self.version = version
        buffer = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { buffer.deallocate() }

    var hasOutput: Bool { end > begin }
    var output: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: buffer + begin, count: end - begin)
    }

    func wrote(_ count: Int) {
        begin += count
        if begin == end { dropOutput() }
    }

    func dropOutput() {
        begin = 0
        end = 0
    }

    /// Room behind what is to be written, for exactly so many bytes, which the caller fills.
    func room(_ count: Int) -> UnsafeMutableRawPointer {
        if end + count > capacity { makeRoom(count) }
        defer { end += count }
        return buffer + end
    }

    private func makeRoom(_ count: Int) {
        let held = end - begin
        if held + count > capacity / 2 { capacity = 2 * (held + count) }
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: buffer + begin, byteCount: held)
        buffer.deallocate()
        buffer = larger
        begin = 0
        end = held
    }

    func acknowledge(_ kind: PacketKind, _ id: PacketID) {
        room(4).storeBytes(of: AcknowledgementPacket.shortForm(kind, id), as: UInt32.self)
    }

    func send(_ packet: some PacketEncoder) {
        let bytes = packet.encoded()
        bytes.withUnsafeBytes { source in
            room(source.count).copyMemory(from: source.baseAddress!, byteCount: source.count)
        }
    }

    /// A session that outlives its connection does so for a day, in MQTT 5.0.
    static let lastingExpiry: UInt32 = 86_400

    /// The session outlives the connection by `expiry` seconds; in MQTT 3.1.1 for ever, or not.
    func connect(cleanStart: Bool, expiry: UInt32, receiveMaximum: Int? = nil) {
        var packet = ConnectEncoder(
            version, clientID: ClientID(clientID),
            cleanStart: version == .v311 ? cleanStart || expiry == 0 : cleanStart)
        if expiry > 0 { packet.sessionExpiry = expiry }
        packet.receiveMaximum = receiveMaximum.map { UInt16($0) }
        state = .connecting
        send(packet)
    }

    func ping() {
        room(2).storeBytes(of: PingPacket.shortForm(.pingreq), as: UInt16.self)
    }
}

/// What a packet that is no message and no acknowledgement of one has brought.
enum LinkNews {
    case connected
    case subscribed
    case answered
}

extension Link {
    /// What cannot be read ends the load.
    @inline(__always)
    func reading<Packet>(
        _ read: () throws(DecodeError) -> Packet
    ) throws(LoadFailure) -> Packet {
        do throws(DecodeError) {
            return try read()
        } catch {
            throw .unexpected(clientID, "\(error)")
        }
    }

    /// The next packet, once all of it is here.
    @inline(__always)
    func next(_ bytes: Span<UInt8>, at start: Int) throws(LoadFailure) -> FixedHeader? {
        let header = try reading { () throws(DecodeError) in
            try FixedHeader.read(bytes, at: start, version: version)
        }
        guard let header, header.end <= bytes.count else { return nil }
        return header
    }

    /// Takes a packet that both kinds of clients read alike.
    func take(_ header: FixedHeader, in bytes: Span<UInt8>) throws(LoadFailure) -> LinkNews {
        switch header.kind {
        case .connack:
            let packet = try reading { () throws(DecodeError) in
                try ConnackPacket(bytes, header, version)
            }
            guard packet.reason == .success else {
                throw .refused(clientID, "CONNECT", packet.reason)
            }
            receiveMaximum = Int(packet.receiveMaximum)
            isSessionPresent = packet.sessionPresent
            state = .open
            return .connected
        case .suback:
            let packet = try reading { () throws(DecodeError) in
                try SubackPacket(bytes, header, version)
            }
            for index in packet.reasons where bytes[index] >= 0x80 {
                throw .refused(clientID, "SUBSCRIBE", ReasonCode(bytes[index]))
            }
            return .subscribed
        case .pingresp:
            return .answered
        case .disconnect:
            let packet = try reading { () throws(DecodeError) in
                try DisconnectPacket(bytes, header, version, from: .server)
            }
            throw .refused(clientID, "the connection", packet.reason)
        default:
            throw .unexpected(clientID, "\(header.kind)")
        }
    }
}
