// SPDX-License-Identifier: Apache-2.0
//
// What the writers of all packets have in common but PUBLISH and the short acknowledgements, which
// have ways of their own because there are so many of them.

public protocol PacketEncoder: Sendable {
    var kind: PacketKind { get }

    /// Everything behind the fixed header.
    func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink)
}

extension PacketEncoder {
    private var bodySize: Int {
        var counter = ByteCounter()
        writeBody(to: &counter)
        return counter.count
    }

    /// How much room `encode` needs.
    public var encodedSize: Int {
        let body = bodySize
        return 1 + VariableByteInteger.size(of: body) + body
    }

    /// The output must have room for `encodedSize` bytes.
    public func encode(into output: inout OutputRawSpan) {
        output.append(kind.rawValue << 4 | kind.requiredFlags)
        output.append(variable: bodySize)
        writeBody(to: &output)
    }

    /// The packet in an array of its own.
    public func encoded() -> [UInt8] {
        let size = encodedSize
        return [UInt8](capacity: size) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                var raw = unsafe OutputRawSpan(
                    buffer: UnsafeMutableRawBufferPointer(buffer), initializedCount: 0)
                encode(into: &raw)
                initializedCount = unsafe raw.finalize(for: UnsafeMutableRawBufferPointer(buffer))
            }
        }
    }
}

/// An answer that may explain itself. The explanation must not make it larger than its receiver
/// allows. [MQTT-3.2.2-19], [MQTT-3.4.2-2] and their like
public protocol ExplainingEncoder: PacketEncoder {
    var reasonString: String? { get set }
    var userProperties: [UserProperty] { get set }
}

extension ExplainingEncoder {
    /// Leaves out user properties, then the reason string, if the packet would be too large. What
    /// remains may still be too large: then it must not be sent. [MQTT-3.1.2-24]
    public mutating func fit(_ maximumPacketSize: UInt32?) {
        guard let maximumPacketSize else { return }
        if encodedSize > Int(maximumPacketSize) { userProperties = [] }
        if encodedSize > Int(maximumPacketSize) { reasonString = nil }
    }

    /// For a client that has asked for no problem information. [MQTT-3.1.2-29]
    public mutating func removeProblemInformation() {
        userProperties = []
        reasonString = nil
    }
}
