// SPDX-License-Identifier: Apache-2.0
// Joins the broker and its performer: bytes become events, and each event is carried out while it is
// decided.
import Journal
import MQTT

@safe
package struct Engine: ~Copyable {
    /// What only the world can do, in order.
    package enum Command: Equatable {
        /// Write what is left, then close. A peer that is done has said that nothing more comes
        /// from it, so that its end need not be waited for.
        case finish(ConnectionID, peerIsDone: Bool)
        case pauseReading(ConnectionID)
        case resumeReading(ConnectionID)
        /// What is left of its bytes is to be offered again, when others have had their turn.
        case yieldReading(ConnectionID)
        case setDeadline(Deadline, Instant?)
        case tell(Note)
    }

    var pace = CommitPace()
    var performer: Performer
    package var broker: Broker
    /// Who has said something is listened to until so many PUBLISH were sent, over all time.
    var sentMax: UInt64 = 0
    /// What the process has allocated, for `$SYS`.
    package var heapBytes: Int?
    /// The longest time that all have had to wait for one turn of the loop, for `$SYS`.
    package var worstTurn = Duration.zero

    package init(limits: Limits, home: any Journal.Home, seed: UInt64) {
        broker = Broker(limits: limits, seed: seed)
        performer = Performer(journal: Journal(home: home), limits)
    }

    package var handshakeLogging: HandshakeLogging {
        get { performer.trace.logging }
        set { performer.trace.logging = newValue }
    }

    package var hasCommands: Bool { performer.hasCommands }

    /// Gives the commands out; they are to be carried out in order.
    package mutating func takeCommands() -> ContiguousArray<Command> {
        performer.takeCommands()
    }

    /// There are commands, or there is something to write.
    package var hasOrders: Bool { performer.hasOrders }

    /// Names the connections that there is something to write to since the last call.
    package mutating func takeWritable(_ body: (ConnectionID) -> Void) {
        performer.takeWritable(body)
    }

    /// Steps of handshakes wait to be shown.
    package var hasSteps: Bool { performer.trace.hasPending }

    /// Handshake steps whose packets may have left by now.
    package mutating func takeSteps(at now: @autoclosure () -> Instant) -> [HandshakeStep] {
        performer.trace.take(durable: performer.journal.durable, at: now)
    }

    package mutating func takeShare() -> (seen: Int, shown: Int) {
        performer.trace.takeShare()
    }
}

extension Engine {
    /// `terms` are those of its listener.
    package mutating func opened(
        _ id: ConnectionID, peer: String, _ terms: Terms? = nil, at now: Instant
    ) {
        performer.now = now
        performer.addOutlet(id)
        broker.opened(id, peer: peer, terms, at: now, into: &performer)
        eventEnded()
    }

    /// The socket is gone, whoever closed it.
    package mutating func closed(_ id: ConnectionID, _ cause: String, at now: Instant) {
        performer.now = now
        broker.closed(id, cause, at: now, into: &performer)
        eventEnded()
        noLongerAwaited(id)
        performer.removeOutlet(id, of: &broker)
    }

    package mutating func deadlineReached(_ deadline: Deadline, at now: Instant) {
        performer.now = now
        if deadline == .sys { broker.sysDue(sysFigures, at: now, into: &performer) }
        broker.deadlineReached(deadline, at: now, into: &performer)
        eventEnded()
    }

    package mutating func shutDown(at now: Instant) {
        performer.now = now
        broker.shutDown(at: now, into: &performer)
        eventEnded()
    }

    /// Call it behind each event: the next one begins with nothing of it.
    @inline(__always)
    mutating func eventEnded() {
        if !performer.unsaid.isEmpty { leaveUnanswered() }
        broker.details.removeAll()
        performer.eventIsDurable = false
    }

    /// Clients that did not take their answers.
    @inline(never)
    private mutating func leaveUnanswered() {
        let now = performer.now
        while !performer.unsaid.isEmpty {
            let (kind, id) = performer.unsaid.removeLast()
            let detail = "\(kind) does not fit into its maximum packet size"
            if kind == .connack {
                broker.leave(id, .violated(detail), at: now, into: &performer)
            } else if broker.connections[id.index].phase != .closing {
                broker.violated(id, .packetTooLarge, detail, at: now, into: &performer)
            }
        }
    }

    /// Calls `body` with each piece of memory that may be written now, until it answers false.
    package func gather(_ id: ConnectionID, _ body: (UnsafeRawBufferPointer) -> Bool) {
        unsafe performer.outlets[id.index].output
            .forEachWritable(durable: performer.journal.durable, body)
    }

    /// The first `count` of those bytes are with the kernel.
    package mutating func wrote(_ count: Int, on id: ConnectionID, at now: Instant) {
        broker.count { $0.bytesSent += UInt64(count) }
        let payloads = performer.outlets[id.index].output.wrote(
            count, givingBackTo: performer.buffers)
        if performer.outlets[id.index].isToCount { performer.countOutput(of: id) }
        if let payloads { broker.releasePayloads(payloads) }
        let hasWelcome = broker.connections[id.index].welcome != nil
        if performer.outlets[id.index].isWaitedFor || hasWelcome { goOn(id, at: now) }
    }

    /// With what had to wait until some of the output has left.
    @inline(never)
    private mutating func goOn(_ id: ConnectionID, at now: Instant) {
        if performer.outlets[id.index].isClosing { performer.endIfThrough(id) }
        let isAwaited =
            performer.outlets[id.index].isCongested || performer.outlets[id.index].isFlooded
            || broker.connections[id.index].welcome != nil
        guard isAwaited,
            performer.outlets[id.index].output.pendingBytes <= performer.share.bytes / 2
        else { return }
        if performer.outlets[id.index].isFlooded {
            performer.outlets[id.index].isFlooded = false
            performer.resumeReading(id)
        }
        performer.outlets[id.index].isCongested = false
        performer.now = now
        broker.drained(id, at: now, into: &performer)
        eventEnded()
        turnEnded(at: now)
    }
}
