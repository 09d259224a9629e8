// SPDX-License-Identifier: Apache-2.0
// A publisher without an engine, which does what ours never do: it says a PUBLISH several times
// before PUBREL and wants a PUBREC for each, leaves wills, and publishes retained messages.
import MQTT

/// What a repeater remembers: on paper, which no crash takes.
struct RepeaterPaper {
    enum Flow {
        /// To be said; DUP tells that it was.
        case publish(isDuplicate: Bool)
        case release
    }

    struct Flight {
        let label: Int
        let topic: String
        let id: PacketID
        let isRetained: Bool
        var flow = Flow.publish(isDuplicate: false)
    }

    var flight: Flight?
    var knowsSession = false
    fileprivate var count = 0

    fileprivate mutating func begin(_ label: Int, on topic: String, isRetained: Bool) {
        count += 1
        flight = Flight(
            label: label, topic: topic, id: PacketID(UInt16(1 + count % 1000)),
            isRetained: isRetained)
    }
}

final class RepeaterProcess: Process {
    /// Labels from here on are of retained messages, which no plan knows.
    static let retainedLabels = 90_000_000

    private unowned let node: Node
    private unowned let world: World
    private var link: Link?
    private var reader = PacketReader()
    private var toWrite: [UInt8] = []
    private var isConnected = false
    /// How often the PUBLISH of this connection was said and not yet answered.
    private var unanswered = 0

    init(_ node: Node, _ world: World) {
        self.node = node
        self.world = world
    }

    func start() { dial() }

    private func dial() {
        if node.takeEffect() { world.dial(from: node) }
    }

    private func dialLater() {
        link = nil
        isConnected = false
        toWrite = []
        world.schedule(
            .wake(node: node.index, life: node.life), after: world.random.delay(1_000, 2_000_000))
    }

    private func plan(after pause: Duration) {
        world.schedule(.reading(publisher: node.index), after: pause)
    }

    func opened(_ link: Link) {
        self.link = link
        reader = PacketReader()
        reader.version = node.version
        var packet = ConnectEncoder(node.version, clientID: ClientID(node.name), cleanStart: false)
        packet.sessionExpiry = 604_800
        packet.will = WillEncoder(
            topic: "w/\(node.index)", payload: MessageText.payload(0, filler: world.random.upTo(9)),
            qos: .atLeastOnce, retain: world.random.chance(oneIn: 2),
            delay: world.random.pick([0, 1, 30]))
        say(packet.encoded())
    }

    func notReached() { dialLater() }

    func closed(_ link: Link) {
        if self.link === link { dialLater() }
    }

    func writable(_ link: Link) { write() }

    func turnEnded() {}

    func happened(_ event: Event) {
        switch event {
        case .wake: dial()
        case .reading: next()
        default: preconditionFailure("not for a repeater: \(event)")
        }
    }

    func received(_ link: Link) {
        guard self.link === link else { return }
        let place = End.client.rawValue
        reader.append(link.pipes[place].arrived[...])
        link.pipes[place].arrived = []
        do throws(DecodeError) {
            for packet in try reader.take(from: .server) { hear(packet) }
        } catch {
            preconditionFailure("the network has checked it: \(error)")
        }
    }
}

extension RepeaterProcess {
    private func hear(_ packet: WirePacket) {
        switch packet.kind {
        case .connack where packet.reason == .success: connected(packet.flag)
        case .puback, .pubrec: acknowledged(packet)
        case .pubcomp where packet.id == node.paper.flight?.id.rawValue: finish()
        default: break
        }
    }

    private func connected(_ isPresent: Bool) {
        if node.paper.knowsSession, !isPresent {
            world.see(.gaveUp(publisher: node.index, "no session"))
        }
        node.paper.knowsSession = true
        isConnected = true
        unanswered = 0
        if node.paper.flight == nil { plan(after: .zero) }
        go()
    }

    /// Says whatever the flight has come to.
    private func go() {
        guard isConnected, let flight = node.paper.flight else { return }
        guard case .publish(let isDuplicate) = flight.flow else {
            return say(AcknowledgementEncoder(node.version, .pubrel, flight.id).encoded())
        }
        unanswered = flight.isRetained ? 1 : 1 + world.random.upTo(3)
        for time in 0..<unanswered {
            say(publish(flight, isDuplicate: isDuplicate || time > 0))
        }
        node.paper.flight?.flow = .publish(isDuplicate: true)
    }

    private func publish(_ flight: RepeaterPaper.Flight, isDuplicate: Bool) -> [UInt8] {
        let topic = Array(flight.topic.utf8)
        let payload = MessageText.payload(flight.label, filler: 0)
        let encoder = PublishEncoder(
            PublishHead(
                qos: flight.isRetained ? .atLeastOnce : .exactlyOnce, duplicate: isDuplicate,
                retain: flight.isRetained, id: flight.id),
            node.version, topicCount: topic.count, payloadCount: payload.count)
        return unsafe [UInt8](unsafeUninitializedCapacity: encoder.packetSize) { bytes, count in
            var output = unsafe OutputRawSpan(
                buffer: UnsafeMutableRawBufferPointer(bytes), initializedCount: 0)
            encoder.encode(topic: topic.span, into: &output)
            for byte in payload { output.append(byte) }
            count = unsafe output.finalize(for: UnsafeMutableRawBufferPointer(bytes))
        }
    }

    private func acknowledged(_ packet: WirePacket) {
        guard let flight = node.paper.flight, flight.id.rawValue == packet.id, unanswered > 0 else {
            return
        }
        unanswered -= 1
        if packet.reason.isFailure {
            node.paper.flight?.flow = .publish(isDuplicate: false)
            if unanswered == 0 { plan(after: .milliseconds(500)) }
        } else if packet.kind == .puback {
            finish()
        } else if unanswered == 0 {
            node.paper.flight?.flow = .release
            go()
        }
    }

    private func finish() {
        node.paper.flight = nil
        plan(after: world.random.delay(0, 50_000))
    }

    private func next() {
        guard isConnected, node.paper.flight == nil else { return unanswered == 0 ? go() : () }
        guard world.plan.mayPublish else { return plan(after: .milliseconds(100)) }
        guard world.plan.wantsMore(node.index) else { return }
        if world.random.chance(oneIn: 3) {
            node.paper.begin(
                Self.retainedLabels + node.paper.count, on: node.retainedTopic, isRetained: true)
        } else {
            let topic = world.random.upTo(Scenario.topics.count - 1)
            let label = world.plan.offer(node.index, topic: topic, qos: .exactlyOnce)
            node.paper.begin(label, on: Scenario.topics[topic], isRetained: false)
            world.see(.taken(publisher: node.index, label: label))
        }
        go()
    }

    private func say(_ bytes: [UInt8]) {
        toWrite += bytes
        write()
    }

    private func write() {
        guard let link, !toWrite.isEmpty else { return }
        let bytes = Array(toWrite.prefix(world.room(link, from: .client)))
        guard !bytes.isEmpty, node.takeEffect() else { return }
        toWrite.removeFirst(bytes.count)
        world.write(bytes, on: link, from: .client)
    }
}

extension RepeaterProcess: Finishing {
    var isIdle: Bool { isConnected && node.paper.flight == nil }
}
