// SPDX-License-Identifier: Apache-2.0
// Joins broker, journal and output: bytes become events, effects become records, bytes and
// commands. It is the one place where effects meet positions: every send is stamped with the
// journal's tail at that moment, so nothing leaves before what was decided before it.
import Journal
import MQTT

@safe
package struct Engine: ~Copyable {
    /// What only the world can do, in order.
    package enum Command: Equatable {
        /// There is something to write.
        case flush(ConnectionID)
        /// Write what is left, then close. A peer that is done has said that nothing more comes
        /// from it, so that its end need not be waited for.
        case finish(ConnectionID, peerIsDone: Bool)
        case pauseReading(ConnectionID)
        case resumeReading(ConnectionID)
        case setDeadline(Deadline, Instant?)
        case tell(Note)
    }

    package var broker: Broker
    var journal: Journal
    var outlets = Slab<Outlet>()
    /// Memory of outlets that have something to write.
    private let buffers = BufferPool()
    var effects = EffectList()
    /// A fact of the event that is being carried out goes to the disk.
    var eventIsDurable = false
    var trace = HandshakeTrace()
    package private(set) var commands: ContiguousArray<Command> = []
    /// Those that were given out last: two arrays take turns, so that neither has to be made anew.
    private var given: ContiguousArray<Command> = []
    /// Outlets that got bytes, or wait for a gate.
    private(set) var listed: [ConnectionID] = []
    var pace = CommitPace()
    /// What the process has allocated, for `$SYS`.
    package var heapBytes: Int?
    /// The longest time that all have had to wait for one turn of the loop, for `$SYS`.
    package var worstTurn = Duration.zero

    package init(limits: Limits, home: any Journal.Home, seed: UInt64) {
        broker = Broker(limits: limits, seed: seed)
        journal = Journal(home: home)
    }

    package var handshakeLogging: HandshakeLogging {
        get { trace.logging }
        set { trace.logging = newValue }
    }

    /// Gives the commands out; they are to be carried out in order.
    package mutating func takeCommands() -> ContiguousArray<Command> {
        guard !commands.isEmpty else { return [] }
        swap(&commands, &given)
        commands.removeAll(keepingCapacity: true)
        return given
    }

    /// Handshake steps whose packets may have left by now.
    package mutating func takeSteps(at now: Instant) -> [HandshakeStep] {
        trace.take(durable: journal.durable, at: now)
    }

    package mutating func takeShare() -> (seen: Int, shown: Int) {
        trace.takeShare()
    }
}

extension Engine {
    /// `terms` are those of its listener.
    package mutating func opened(
        _ id: ConnectionID, peer: String, _ terms: Terms? = nil, at now: Instant
    ) {
        outlets.insert(Outlet(), at: id.index)
        broker.opened(id, peer: peer, terms, at: now, into: &effects)
        perform(at: now)
    }

    /// The socket is gone, whoever closed it.
    package mutating func closed(_ id: ConnectionID, _ cause: String, at now: Instant) {
        broker.closed(id, cause, at: now, into: &effects)
        perform(at: now)
        noLongerAwaited(id)
        var outlet = outlets.remove(id.index)
        var finished: [UInt32] = []
        outlet.output.removeAll(finished: &finished)
        release(finished)
        if outlet.listPlace > 0 { unlist(id, at: Int(outlet.listPlace) - 1) }
    }

    package mutating func deadlineReached(_ deadline: Deadline, at now: Instant) {
        if deadline == .sys { broker.sysDue(sysFigures, at: now, into: &effects) }
        broker.deadlineReached(deadline, at: now, into: &effects)
        perform(at: now)
    }

    package mutating func shutDown(at now: Instant) {
        broker.shutDown(at: now, into: &effects)
        perform(at: now)
    }

    /// Orders a write for every outlet that has something to write, and the end of those of which
    /// all may leave: a peer that never reads cannot put it off. What waits for a gate stays listed.
    mutating func release() {
        var waiting = 0
        for at in listed.indices {
            let id = listed[at]
            let durable = journal.durable
            if outlets[id.index].output.isWritable(durable: durable) {
                commands.append(.flush(id))
            }
            if outlets[id.index].output.hasGated(durable: durable) {
                listed[waiting] = id
                waiting += 1
                outlets[id.index].listPlace = UInt32(waiting)
            } else {
                outlets[id.index].listPlace = 0
                endIfThrough(id)
            }
        }
        listed.removeLast(listed.count - waiting)
    }

    private mutating func endIfThrough(_ id: ConnectionID) {
        guard outlets[id.index].isClosing,
            !outlets[id.index].output.hasGated(durable: journal.durable)
        else { return }
        outlets[id.index].isClosing = false
        commands.append(.finish(id, peerIsDone: outlets[id.index].peerIsDone))
    }

    /// Calls `body` with each piece of memory that may be written now, until it answers false.
    package func gather(_ id: ConnectionID, _ body: (UnsafeRawBufferPointer) -> Bool) {
        unsafe outlets[id.index].output.forEachWritable(durable: journal.durable, body)
    }

    /// The first `count` of those bytes are with the kernel.
    package mutating func wrote(_ count: Int, on id: ConnectionID, at now: Instant) {
        broker.count { $0.bytesSent += UInt64(count) }
        var finished: [UInt32] = []
        outlets[id.index].output.wrote(count, finished: &finished)
        outlets[id.index].output.giveBack(to: buffers)
        release(finished)
        endIfThrough(id)
        let isAwaited =
            outlets[id.index].isCongested || outlets[id.index].isFlooded
            || !broker.connections[id.index].welcome.isEmpty
        guard isAwaited,
            outlets[id.index].output.pendingBytes <= broker.limits.outputBytesMax / 2
        else { return }
        if outlets[id.index].isFlooded {
            outlets[id.index].isFlooded = false
            command(.resumeReading(id))
        }
        outlets[id.index].isCongested = false
        broker.drained(id, at: now, into: &effects)
        perform(at: now)
        turnEnded(at: now)
    }

    /// What waits in it is never said.
    mutating func dropOutput(of id: ConnectionID) {
        var finished: [UInt32] = []
        outlets[id.index].output.removeAll(finished: &finished)
        release(finished)
    }

    /// The payloads of these messages have left an output that held them.
    private mutating func release(_ finished: [UInt32]) {
        for place in finished {
            broker.state.messages.release(MessageID(place: place))
        }
    }

    /// Call it before bytes go to an outlet.
    @inline(__always)
    mutating func list(_ id: ConnectionID) {
        guard outlets[id.index].listPlace == 0 else { return }
        outlets[id.index].output.borrow(from: buffers)
        listed.append(id)
        outlets[id.index].listPlace = UInt32(listed.count)
    }

    /// The last one takes its place: very many may be lost at one time.
    private mutating func unlist(_ id: ConnectionID, at place: Int) {
        let last = listed.removeLast()
        guard last != id else { return }
        listed[place] = last
        outlets[last.index].listPlace = UInt32(place + 1)
    }

    mutating func command(_ command: Command) {
        commands.append(command)
    }
}
