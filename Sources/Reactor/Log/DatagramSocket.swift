// SPDX-License-Identifier: Apache-2.0
//
// A datagram socket to journald or syslog that never blocks. What they do not take at once waits in
// a bounded buffer; what does not fit there is lost and counted. libsystemd's and glibc's own
// functions block when journald stands still, and a stopped journald must not stop a broker.

import CEpoll
import Glibc

struct DatagramSocket: ~Copyable {
    static let journal = "/run/systemd/journal/socket"

    private let descriptor: OwnedDescriptor
    private let address: SocketAddress
    private var backlog: [[UInt8]] = []
    private var backlogBytes = 0
    private let backlogMax: Int

    init(path: String, backlogMax: Int = 256 * 1024) throws(SystemError) {
        guard let address = SocketAddress.unix(path) else {
            throw SystemError(operation: "connect", subject: path, errno: ENAMETOOLONG)
        }
        let socket = try OwnedDescriptor(
            cepoll_socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue)), "socket", path)
        self.address = address
        self.backlogMax = backlogMax
        descriptor = socket
        // As libsystemd does: room for bursts and for lines up to this size in one datagram.
        descriptor.raw.setOption(SOL_SOCKET, SO_SNDBUF, 8 << 20)
    }

    var hasBacklog: Bool { !backlog.isEmpty }

    /// Whether the line is sent or kept; false where it is lost.
    mutating func send(_ datagram: [UInt8]) -> Bool {
        flush()
        if backlog.isEmpty, transmit(datagram) { return true }
        guard backlogBytes + datagram.count <= backlogMax else { return false }
        backlog.append(datagram)
        backlogBytes += datagram.count
        return true
    }

    /// Sends what waits, as far as journald takes it.
    mutating func flush() {
        guard !backlog.isEmpty else { return }
        var sent = 0
        while sent < backlog.count, transmit(backlog[sent]) {
            backlogBytes -= backlog[sent].count
            sent += 1
        }
        backlog.removeFirst(sent)
    }

    private func transmit(_ datagram: [UInt8]) -> Bool {
        var target = address
        let sent = target.withPointer { pointer, length in
            sendto(
                descriptor.raw, datagram, datagram.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL),
                pointer, length)
        }
        if sent >= 0 { return true }
        return errno == EMSGSIZE || errno == ENOBUFS ? transmitAsMemory(datagram) : false
    }

    /// A line too large for a datagram goes as a sealed piece of memory.
    private func transmitAsMemory(_ datagram: [UInt8]) -> Bool {
        let memory = cepoll_sealed_memory("journal line", datagram, datagram.count)
        guard memory >= 0 else { return false }
        defer { Glibc.close(memory) }
        var target = address
        return target.withPointer { pointer, length in
            cepoll_send_descriptor(descriptor.raw, memory, pointer, length)
        } >= 0
    }
}
