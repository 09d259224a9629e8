// SPDX-License-Identifier: Apache-2.0
//
// Who is at the other end of a connection. Kept as numbers: most peers are never printed.

import Glibc

/// The other end: `10.0.0.7:40112`, `[::1]:4711` or `unix`.
package struct Peer: Hashable, Sendable, CustomStringConvertible {
    private enum Family: UInt8 {
        case unix, ipv4, ipv6
    }

    private var family: Family
    package private(set) var port: UInt16
    private var scope: UInt32
    /// The address in network order; an IPv4 address lies in the first four bytes of `high`.
    private var high: UInt64
    private var low: UInt64

    package static let unix = Peer(family: .unix, port: 0, scope: 0, high: 0, low: 0)

    package static func ipv4(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, port: UInt16) -> Peer {
        var bytes: (UInt8, UInt8, UInt8, UInt8, UInt32) = (a, b, c, d, 0)
        let high = withUnsafeBytes(of: &bytes) { $0.load(as: UInt64.self) }
        return Peer(family: .ipv4, port: port, scope: 0, high: high, low: 0)
    }

    private init(family: Family, port: UInt16, scope: UInt32, high: UInt64, low: UInt64) {
        self.family = family
        self.port = port
        self.scope = scope
        self.high = high
        self.low = low
    }

    init(_ address: SocketAddress) {
        switch address.family {
        case AF_INET:
            let source = address.read(sockaddr_in.self)
            self = Peer(
                family: .ipv4, port: address.port, scope: 0,
                high: withUnsafeBytes(of: source.sin_addr) {
                    UInt64(UInt32(littleEndian: $0.load(as: UInt32.self))).littleEndian
                }, low: 0)
        case AF_INET6:
            let source = address.read(sockaddr_in6.self)
            let (high, low) = withUnsafeBytes(of: source.sin6_addr) {
                (
                    $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                    $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                )
            }
            self = Peer(
                family: .ipv6, port: address.port, scope: source.sin6_scope_id, high: high, low: low
            )
        default:
            self = .unix
        }
    }

    package var isLoopback: Bool {
        switch family {
        case .unix: true
        case .ipv4: bytes[0] == 127
        case .ipv6: high == 0 && UInt64(bigEndian: low) == 1
        }
    }

    /// The address alone: `10.0.0.7`, `::1`, `unix`.
    package var host: String {
        switch family {
        case .unix: return "unix"
        case .ipv4: return dotted(port: nil)
        case .ipv6: break
        }
        var address = bytes
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
        let end = text.firstIndex(of: 0) ?? text.count
        let host = String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return scope == 0 ? host : "\(host)%\(scope)"
    }

    package var description: String {
        switch family {
        case .unix: "unix"
        case .ipv4: dotted(port: port)
        case .ipv6: "[\(host)]:\(port)"
        }
    }

    /// By hand: `inet_ntop` took a tenth of what a whole connection costs.
    private func dotted(port: UInt16?) -> String {
        String(unsafeUninitializedCapacity: 21) { text in
            var count = 0
            func append(_ number: UInt32) {
                if number >= 10 { append(number / 10) }
                text[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10)
                count += 1
            }
            for place in 0..<4 {
                if place > 0 {
                    text[count] = UInt8(ascii: ".")
                    count += 1
                }
                append(UInt32(truncatingIfNeeded: UInt64(littleEndian: high) >> (8 * place)) & 255)
            }
            if let port {
                text[count] = UInt8(ascii: ":")
                count += 1
                append(UInt32(port))
            }
            return count
        }
    }

    private var bytes: [UInt8] {
        withUnsafeBytes(of: high) { Array($0) } + withUnsafeBytes(of: low) { Array($0) }
    }
}
