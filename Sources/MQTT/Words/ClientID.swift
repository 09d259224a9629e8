// SPDX-License-Identifier: Apache-2.0
//
// The name by which both ends know a session. Kept as bytes and compared as bytes: a `String`
// would hold two spellings of one character for equal, and the standard does not. [MQTT-4.7.3-4]

public struct ClientID: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) { self.bytes = bytes }

    public init(_ text: String) { self.bytes = Array(text.utf8) }

    /// A copy of the identifier that a decoded CONNECT points at.
    public init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        let source = bytes.extracting(range)
        self.bytes = [UInt8](capacity: source.count) { output in
            for index in source.indices { output.append(source[index]) }
        }
    }

    public var isEmpty: Bool { bytes.isEmpty }
}

extension ClientID: CustomStringConvertible {
    public var description: String { String(decoding: bytes, as: UTF8.self) }
}
