// SPDX-License-Identifier: Apache-2.0
// Clients that say at once what the protocol wants of them. The first publishes, the others take.
import MQTT

struct Clients {
    private static let topic = Array("line1/station4/pressure".utf8)
    private static let payload = [UInt8](repeating: 0x2A, count: 64)

    private let load: HotPath.Load
    private let total: Int
    private var published = 0
    private var acknowledged = 0
    private(set) var delivered = 0

    init(_ load: HotPath.Load, total: Int) {
        self.load = load
        self.total = total
    }

    var isDone: Bool {
        delivered == total * load.subscribers
            && (load.qos == .atMostOnce || acknowledged == total)
    }

    static func connect(_ place: Int, isDurable: Bool) -> [UInt8] {
        ConnectEncoder(.v311, clientID: ClientID("client-\(place)"), cleanStart: !isDurable)
            .encoded()
    }

    static func subscribe(_ qos: QoS) -> [UInt8] {
        let filter = String(decoding: topic, as: UTF8.self)
        let request = SubscribeEncoder.Request(filter, SubscriptionOptions(maximumQoS: qos))
        return SubscribeEncoder(.v311, 1, [request]).encoded()
    }

    /// As much as the window allows.
    mutating func publish(to input: inout [UInt8]) {
        var open = load.qos == .atMostOnce ? 0 : published - acknowledged
        while open < load.window, published < total {
            let count = 2 + Self.topic.count + (load.qos == .atMostOnce ? 0 : 2)
            input.append(0x30 | load.qos.rawValue << 1)
            input.append(UInt8(count + Self.payload.count))
            input += [0, UInt8(Self.topic.count)]
            input += Self.topic
            if load.qos > .atMostOnce { Self.append(UInt16(published % 65_535) + 1, to: &input) }
            input += Self.payload
            published += 1
            open += 1
        }
    }

    /// Reads what the broker has said to one of them, and answers.
    mutating func answer(_ link: inout Link) {
        var output: [UInt8] = []
        swap(&output, &link.output)
        answer(output.span, to: &link.input)
        output.removeAll(keepingCapacity: true)
        swap(&output, &link.output)
    }

    private mutating func answer(_ bytes: Span<UInt8>, to input: inout [UInt8]) {
        var at = 0
        while at < bytes.count {
            guard let header = try? FixedHeader.read(bytes, at: at), header.end <= bytes.count
            else {
                preconditionFailure("the broker has said what cannot be read")
            }
            answer(header, bytes, to: &input)
            at = header.end
        }
    }

    private mutating func answer(
        _ header: FixedHeader, _ bytes: Span<UInt8>, to input: inout [UInt8]
    ) {
        let start = header.body.lowerBound
        switch header.kind {
        case .publish:
            delivered += 1
            guard load.qos > .atMostOnce else { return }
            let id = start + 2 + Self.topic.count
            input += [load.qos == .atLeastOnce ? 0x40 : 0x50, 2, bytes[id], bytes[id + 1]]
        case .pubrec: input += [0x62, 2, bytes[start], bytes[start + 1]]
        case .pubrel: input += [0x70, 2, bytes[start], bytes[start + 1]]
        case .pubcomp, .puback: acknowledged += 1
        case .connack, .suback: break
        default: preconditionFailure("the broker has said \(header.kind)")
        }
    }

    private static func append(_ id: UInt16, to input: inout [UInt8]) {
        input += [UInt8(id >> 8), UInt8(truncatingIfNeeded: id)]
    }
}
