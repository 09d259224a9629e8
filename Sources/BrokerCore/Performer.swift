// SPDX-License-Identifier: Apache-2.0
// Carries out what the broker wants: facts become records, sends become bytes behind gates, and what
// only the world can do becomes commands. It is the one place where effects meet positions: every send
// is stamped with the journal's tail at that moment, so nothing leaves before what was decided before it.
import Journal
import MQTT

@safe
struct Performer: ~Copyable, Effects {
    /// When the event came that is being carried out.
    var now = Instant(nanoseconds: 0)
    /// A fact of this event goes to the disk.
    var eventIsDurable = false
    var outlets = Slab<Outlet>()
    /// Memory of outlets that have something to write.
    let buffers = BufferPool()
    /// Outlets that got bytes, or wait for a gate.
    private(set) var listed = Pile<ConnectionID>()
    /// Outlets that have something to write.
    private var writable = Pile<ConnectionID>()
    private var commands: ContiguousArray<Engine.Command> = []
    /// Those that were given out last: two arrays take turns, so that neither has to be made anew.
    private var given: ContiguousArray<Engine.Command> = []
    /// Answers of this event that their clients do not take.
    var unsaid = Pile<(kind: PacketKind, to: ConnectionID)>()
    /// Outlets of which `isDurable` is not said.
    private(set) var bystanders = 0
    /// What may wait in each.
    var share: OutputShare
    var trace = HandshakeTrace()
    var journal: Journal

    init(journal: consuming Journal, _ limits: borrowing Limits) {
        self.journal = journal
        share = OutputShare(limits)
    }

    mutating func record(_ fact: Fact, isDurable: Bool, of broker: borrowing Broker) {
        if isDurable {
            eventIsDurable = true
            broker.state.encode(fact, broker.details, into: &journal)
        }
        if case .ended(let session) = fact { trace.forget(session) }
    }

    @inline(__always)
    mutating func letGo(_ message: MessageID, of broker: inout Broker) {
        broker.state.messages.release(message)
    }

    mutating func close(_ id: ConnectionID, from broker: inout Broker) {
        outlets[id.index].isClosing = true
        outlets[id.index].isDeaf = true
        if outlets[id.index].isVoid { dropOutput(of: id, from: &broker) }
        list(id)
    }

    mutating func pauseReading(_ id: ConnectionID) {
        commands.append(.pauseReading(id))
    }

    mutating func resumeReading(_ id: ConnectionID) {
        commands.append(.resumeReading(id))
    }

    mutating func yieldReading(_ id: ConnectionID) {
        commands.append(.yieldReading(id))
    }

    mutating func setDeadline(_ deadline: Deadline, _ at: Instant?) {
        commands.append(.setDeadline(deadline, at))
    }

    mutating func tell(_ note: Note) {
        commands.append(.tell(note))
    }
}

extension Performer {
    mutating func takeCommands() -> ContiguousArray<Engine.Command> {
        guard !commands.isEmpty else { return [] }
        swap(&commands, &given)
        commands.removeAll(keepingCapacity: true)
        return given
    }

    /// In the order in which they were listed: a publisher's PUBCOMP before its message to the receivers,
    /// so that the next one comes while they are written to. The other way round costs a fifth more at a
    /// window of 1, and is no better elsewhere.
    mutating func takeWritable(_ body: (ConnectionID) -> Void) {
        for place in writable.indices { body(writable[place]) }
        writable.removeAll()
    }

    /// There are commands, or there is something to write.
    var hasOrders: Bool { !writable.isEmpty || hasCommands }

    var hasCommands: Bool { !commands.isEmpty }

    var standing: Outlet.Standing {
        @inline(__always)
        get {
            Outlet.Standing(
                tail: journal.tail, durable: journal.durable, eventIsDurable: eventIsDurable)
        }
    }

    /// Call it before bytes go to an outlet.
    @inline(__always)
    mutating func list(_ id: ConnectionID) {
        if outlets[id.index].listPlace == 0 { enlist(id) }
    }

    @inline(never)
    private mutating func enlist(_ id: ConnectionID) {
        listed.append(id)
        outlets[id.index].enlist(at: listed.count, borrowingFrom: buffers)
    }

    /// The last one takes its place: very many may be lost at one time.
    private mutating func unlist(_ id: ConnectionID, at place: Int) {
        let last = listed.removeLast()
        guard last != id else { return }
        listed[place] = last
        outlets[last.index].listPlace = UInt32(place + 1)
    }

    mutating func addOutlet(_ id: ConnectionID) {
        outlets.insert(Outlet(), at: id.index)
        bystanders += 1
    }

    /// Its session outlives it.
    mutating func bindOutlet(_ id: ConnectionID) {
        outlets[id.index].isDurable = true
        bystanders -= 1
    }

    /// The socket is gone.
    mutating func removeOutlet(_ id: ConnectionID, of broker: inout Broker) {
        dropOutput(of: id, from: &broker)
        let outlet = outlets.remove(id.index)
        if outlet.isCounted { _ = share.count(0, at: id.index) }
        if !outlet.isDurable { bystanders -= 1 }
        if outlet.listPlace > 0 { unlist(id, at: Int(outlet.listPlace) - 1) }
    }

    /// What waits in it is never said.
    private mutating func dropOutput(of id: ConnectionID, from broker: inout Broker) {
        broker.releasePayloads(outlets[id.index].output.removeAll())
    }

    /// Orders a write for every outlet that has something to write, and the end of those of which
    /// all may leave: a peer that never reads cannot put it off. What waits for a gate stays listed.
    mutating func release() {
        let durable = journal.durable
        var waiting = 0
        for at in listed.indices {
            let id = listed[at]
            let (isWritable, isGated) = outlets[id.index].look(durable, listedAs: waiting + 1)
            if outlets[id.index].isToCount { countOutput(of: id) }
            if isWritable { writable.append(id) }
            if isGated {
                listed[waiting] = id
                waiting += 1
            } else if outlets[id.index].isClosing {
                endIfThrough(id)
            }
        }
        listed.keep(first: waiting)
    }

    @inline(never)
    mutating func countOutput(of id: ConnectionID) {
        let memory = outlets[id.index].output.memoryBytes
        outlets[id.index].isCounted = share.count(memory, at: id.index)
    }

    /// Call it for an outlet that is closing.
    @inline(never)
    mutating func endIfThrough(_ id: ConnectionID) {
        guard !outlets[id.index].output.hasGated(durable: journal.durable) else { return }
        outlets[id.index].isClosing = false
        commands.append(.finish(id, peerIsDone: outlets[id.index].peerIsDone))
    }
}

extension Broker {
    /// The payloads of these messages have left an output that held them.
    mutating func releasePayloads(_ finished: [UInt32]) {
        for place in finished {
            state.messages.release(MessageID(place: place))
        }
    }
}
