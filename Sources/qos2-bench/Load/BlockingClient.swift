// SPDX-License-Identifier: Apache-2.0
//
// A client that says something and waits for the answer, on a socket that blocks: for what happens
// one thing after the other, and reads so.
import Glibc
import MQTT
import Reactor

final class BlockingClient {
    /// What has arrived: topic and payload.
    typealias Taker = (Span<UInt8>, Span<UInt8>) -> Void

    let link: Link
    private let descriptor: Int32
    private var input = [UInt8](repeating: 0, count: 1 << 16)
    private var begin = 0
    private var end = 0
    /// Requests and messages without an answer.
    private var open = 0
    private var lastID: UInt16 = 0
    private var answers = 0
    private let take: Taker

    /// `patience` in seconds; `expiry` of its session in seconds. One that is hasty goes on before the
    /// broker has let it in.
    init(
        _ clientID: String, port: UInt16, patience: Int, cleanStart: Bool, expiry: UInt32,
        isHasty: Bool = false, take: @escaping Taker = { _, _ in }
    ) throws(LoadFailure) {
        link = Link(clientID: clientID, version: .v5)
        self.take = take
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard connectTo(port, descriptor, patience: patience) else {
            throw .unreachable(SystemError(operation: "connect", subject: "port \(port)"))
        }
        link.connect(cleanStart: cleanStart, expiry: expiry, receiveMaximum: 1000)
        if !isHasty { try enter() }
    }

    func enter() throws(LoadFailure) {
        while link.state != .open { try readPacket() }
    }

    deinit { close(descriptor) }

    func subscribe(_ filters: [String]) throws(LoadFailure) {
        let options = SubscriptionOptions(maximumQoS: .atLeastOnce)
        for start in stride(from: 0, to: filters.count, by: 100) {
            let part = filters[start..<min(start + 100, filters.count)]
            let id = try nextID(below: 20)
            link.send(SubscribeEncoder(.v5, id, part.map { .init($0, options) }))
        }
        try settle()
    }

    func publish(
        _ topic: String, _ payload: [UInt8] = [], qos: QoS, retain: Bool = false
    ) throws(LoadFailure) {
        let isAcknowledged = qos != .atMostOnce
        let id = isAcknowledged ? try nextID(below: min(link.receiveMaximum, 500)) : nil
        let topic = Array(topic.utf8)
        let encoder = PublishEncoder(
            PublishHead(qos: qos, retain: retain, id: id), .v5, topicCount: topic.count,
            payloadCount: payload.count)
        let size = encoder.packetSize
        let room = UnsafeMutableRawBufferPointer(start: link.room(size), count: size)
        var output = OutputRawSpan(buffer: room, initializedCount: 0)
        encoder.encode(topic: topic.span, into: &output)
        for byte in payload { output.append(byte) }
        _ = output.finalize(for: room)
        if link.output.count > 1 << 15 { try flush() }
    }

    /// Until everything is answered.
    func settle() throws(LoadFailure) {
        while open > 0 { try readPacket() }
    }

    /// What the broker had to say before is here when this returns.
    func ping() throws(LoadFailure) {
        let before = answers
        link.ping()
        while answers == before { try readPacket() }
    }

    func readUntil(_ isEnough: () -> Bool) throws(LoadFailure) {
        while !isEnough() { try readPacket() }
    }

    func leave() throws(LoadFailure) {
        link.send(DisconnectEncoder(.v5))
        try flush()
    }

    private func nextID(below bound: Int) throws(LoadFailure) -> PacketID {
        while open >= bound { try readPacket() }
        open += 1
        lastID = lastID == .max ? 1 : lastID + 1
        return PacketID(lastID)
    }

    func flush() throws(LoadFailure) {
        while link.hasOutput {
            let count = send(
                descriptor, link.output.baseAddress, link.output.count, Int32(MSG_NOSIGNAL)
            )
            guard count > 0 else { throw ended("write") }
            link.wrote(count)
        }
    }

    /// Takes the next packet, after everything that is to be said is said.
    private func readPacket() throws(LoadFailure) {
        while true {
            let isWhole = try takePacket()
            if isWhole { return }
            try flush()
            if begin > 0 {
                input.withUnsafeMutableBytes { bytes in
                    bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[begin..<end]))
                }
                end -= begin
                begin = 0
            }
            let count = input.withUnsafeMutableBytes { bytes in
                recv(descriptor, bytes.baseAddress! + end, bytes.count - end, 0)
            }
            guard count > 0 else { throw ended("read") }
            end += count
        }
    }

    private func ended(_ operation: String) -> LoadFailure {
        .connectionEnded(link.clientID, SystemError(operation: operation).reason)
    }

    private func takePacket() throws(LoadFailure) -> Bool {
        let held = input
        let bytes = held.span.extracting(begin..<end)
        guard let header = try link.next(bytes, at: 0) else { return false }
        begin += header.end
        switch header.kind {
        case .publish:
            let packet = try link.reading { () throws(DecodeError) in
                try PublishPacket(bytes, header, .v5, from: .server, validatingTopic: false)
            }
            if let id = packet.id { link.acknowledge(.puback, id) }
            take(bytes.extracting(packet.topic), bytes.extracting(packet.payload))
        case .puback:
            let packet = try link.reading { () throws(DecodeError) in
                try AcknowledgementPacket(bytes, header, .v5, from: .server)
            }
            guard packet.reason.rawValue < 0x80 else {
                throw .refused(link.clientID, "PUBLISH", packet.reason)
            }
            open -= 1
        default:
            switch try link.take(header, in: bytes) {
            case .connected: break
            case .subscribed: open -= 1
            case .answered: answers += 1
            }
        }
        return true
    }
}

/// False if the broker does not let us in as long as patience lasts.
private func connectTo(_ port: UInt16, _ descriptor: Int32, patience: Int) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var limit = timeval(tv_sec: patience, tv_usec: 0)
    var yes: Int32 = 1
    setsockopt(
        descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(
        descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    let end = nanosecondsNow() + Int64(patience) * 1_000_000_000
    while nanosecondsNow() < end {
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result == 0 { return true }
        usleep(1000)
    }
    return false
}
