// SPDX-License-Identifier: Apache-2.0
//
// Ports of loopback for tests: below 32768, where no outgoing connection of this host can be.
import Glibc

struct NoFreePort: Error {}

func freePort() throws -> UInt16 {
    for _ in 0..<200 {
        let port = UInt16.random(in: 20_000..<32_000)
        if withLoopback(port, { descriptor, address, size in bind(descriptor, address, size) == 0 })
        {
            return port
        }
    }
    throw NoFreePort()
}

/// Whether somebody listens there.
func accepts(_ port: UInt16) -> Bool {
    withLoopback(port) { descriptor, address, size in connect(descriptor, address, size) == 0 }
}

private func withLoopback(
    _ port: UInt16, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool
) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body(descriptor, $0, size) }
    }
}
