// SPDX-License-Identifier: Apache-2.0
//
// The loop: owner of every socket and the only caller of the kernel's waiting. Here are its parts,
// its beginning and its end; a turn is in EventLoop+Turn, connections are in Net/. One thread makes
// it, runs it and calls it; only a `Wakeup` crosses threads.

import Glibc

package final class EventLoop {
    // What each turn asks lies together in front.

    /// Time since the loop was made in nanoseconds, for who asks at each packet: a `Duration` counts
    /// attoseconds. Read from the kernel once per turn.
    package internal(set) var nowNanoseconds: Int64 = 0

    let origin: Int64

    /// Wall clock when the loop was made, in nanoseconds since 1970: Unix time is this plus `now`.
    package let startedAt: Int64

    /// What the loop reports to; set it before `run`. The loop holds it, and a service mostly holds
    /// the loop: set it to nil after `run` where that circle should end.
    package var service: (any Service)?

    let epoll: Epoll
    /// Events of the last wait, and how many of them have been taken.
    var eventsCount = 0
    var eventsTaken = 0

    let streams: Slab<Stream>
    let receiveBuffer: UnsafeMutableRawBufferPointer
    let vectorStorage: UnsafeMutablePointer<iovec>

    /// What is still to be done in this turn.
    var flushList = SlotList()
    var redeliveryList = SlotList()
    var endings: [(slot: Int, reason: CloseReason)] = []
    var dialFailures: [(tag: Int, error: SystemError)] = []
    /// The service was called after `turnEnded`: another turn must follow at once.
    var turnOwed = false
    var isStopped = false

    package internal(set) var statistics = Statistics()

    /// Fed by the loop.
    package var watchdog: Watchdog?

    /// Lines that the log could not write at once are written by the loop.
    package var log: Log?

    /// Keyed by the service; and the loop's own, keyed by slot: dial and linger.
    var deadlines = Deadlines()
    var streamDeadlines = Deadlines()
    var acceptResumesAt: Int64?
    var alarm: Alarm

    let signals: Signals

    /// Connections that peers may have open together, over all listeners.
    package var connectionsMax = Int.max

    /// Whether small packets leave at once. Concerns connections made from now on.
    package var tcpNoDelay = true {
        didSet { applyNoDelayToListeners() }
    }

    /// How long a dial may take, for each address tried.
    package var dialTimeout = Duration.seconds(10)

    /// Told of trouble that the loop survives (no descriptors left, …), at most once a second.
    package var troubled: ((SystemError) -> Void)?
    var nextTroubleAt: Int64 = 0

    var freeSlots = SlotList()
    /// Slots from here on were never used.
    var slotsUsed = 0

    var listeners: [Listener] = []
    /// Given up to accept, and so to refuse, when there are no descriptors left.
    var reserveDescriptor: Int32 = -1
    var wakeups: [(wakeup: Wakeup, tag: Int)] = []

    /// Dials under way by the slot of their socket, and names being looked up.
    var dials: [Int: Dial] = [:]
    var resolutions: [Int: (resolution: Resolution, tag: Int)] = [:]
    var nextResolution = 0

    /// `handlesSignals` is for programs: it blocks SIGTERM, SIGINT and SIGHUP in this thread and in
    /// those it starts, so make the loop before any thread.
    package init(handlesSignals: Bool = true) throws(SystemError) {
        origin = monotonicNanoseconds()
        startedAt = wallClockNanoseconds()
        epoll = try Epoll()
        signals = try Signals(isWanted: handlesSignals)
        alarm = try Alarm()
        streams = try Slab(capacity: Epoll.descriptorsMax)
        receiveBuffer = .allocate(byteCount: ReceiveLimits.bufferSize, alignment: 4096)
        vectorStorage = .allocate(capacity: OutputVectors.capacity)
        reserveDescriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        try epoll.add(signals.descriptor.raw, .input, Source(.signals))
        try epoll.add(alarm.descriptor.raw, .input, Source(.alarm))
    }

    deinit {
        for slot in 0..<slotsUsed {
            if streams[slot].descriptor >= 0 { Glibc.close(streams[slot].descriptor) }
            streams[slot].tail.release()
        }
        for listener in listeners { listener.close() }
        if reserveDescriptor >= 0 { Glibc.close(reserveDescriptor) }
        streams.deallocate()
        receiveBuffer.deallocate()
        vectorStorage.deallocate()
    }

    /// Time since the loop was made.
    package var now: Duration { .nanoseconds(nowNanoseconds) }

    /// The same clock, read now: for how long something took within a turn.
    package var exactNow: Duration { .nanoseconds(monotonicNanoseconds() - origin) }

    /// Runs until `stop`. Whoever calls it gives its thread to the loop.
    package func run() {
        // Held once: its reference would be counted in each turn.
        guard let service else { preconditionFailure("the loop needs a service before it runs") }
        readClock()
        while !isStopped { turn(for: service) }
        isStopped = false
    }

    /// Ends `run` when the turn is over. Connections stay as they are.
    package func stop() { isStopped = true }

    /// Sets, moves or (`nil`) cancels the deadline of a key. One that has passed is reached in the
    /// next turn at the latest.
    package func setDeadline(_ key: Int, at time: Duration?) {
        if let time {
            deadlines.set(key, at: time.nanoseconds)
        } else {
            deadlines.cancel(key)
        }
    }

    /// A handle with which another thread makes the loop call `woken(tag)`.
    package func addWakeup(tag: Int) throws(SystemError) -> Wakeup {
        let wakeup = try Wakeup()
        try epoll.add(wakeup.descriptor, Wakeup.interest, Source(.wakeup, wakeups.count))
        wakeups.append((wakeup, tag))
        return wakeup
    }

    /// Nothing is left of this turn, and nothing has come for the next. Asks the kernel.
    package var isIdle: Bool {
        if hasWork { return false }
        if eventsTaken == eventsCount { fetchEvents(within: 0) }
        return eventsTaken == eventsCount
    }

    /// Events of the next turn.
    func fetchEvents(within nanoseconds: Int64?) {
        eventsCount = epoll.wait(nanoseconds: nanoseconds)
        eventsTaken = 0
    }

    /// Sets `now`. For a callback that has waited for something.
    package func readClock() { nowNanoseconds = monotonicNanoseconds() - origin }

    func report(_ error: SystemError) {
        guard let troubled, nowNanoseconds >= nextTroubleAt else { return }
        nextTroubleAt = nowNanoseconds + 1_000_000_000
        troubled(error)
    }
}
