// SPDX-License-Identifier: Apache-2.0
//
// Writes a QoS 0 PUBLISH from one that came: fixed header and body, with nothing taken apart.

public struct PlainPublish: Sendable {
    @usableFromInline let bodyCount: Int

    /// For `PublishPacket.plainBody` of so many bytes.
    @inlinable @inline(__always)
    public init(bodyCount: Int) {
        self.bodyCount = bodyCount
    }

    /// The whole packet.
    @inlinable @inline(__always)
    public var packetSize: Int {
        1 + VariableByteInteger.size(of: bodyCount) + bodyCount
    }

    @inlinable @inline(__always)
    public func encode(_ body: Span<UInt8>, into output: inout OutputRawSpan) {
        precondition(body.count == bodyCount, "not the body that was counted")
        output.append(PublishHead(qos: .atMostOnce).firstByte)
        output.append(variable: body.count)
        output.append(body)
    }
}
