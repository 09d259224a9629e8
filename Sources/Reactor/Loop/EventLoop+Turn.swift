// SPDX-License-Identifier: Apache-2.0
//
// One turn: wait, offer again, take, expire, tell that the turn has ended, write. What a callback asks for in the
// middle is put on a list and done at its place; nothing here holds on to state across a callback.

import Glibc

extension EventLoop {
    @inline(never)
    func turn(for service: any Service) {
        if eventsTaken == eventsCount { fetchEvents(within: timeout()) }
        readClock()
        let begin = nowNanoseconds
        turnOwed = false
        if !redeliveryList.isEmpty {
            redeliver(to: service)
            // What has come has its own time.
            readClock()
        }
        takeEvents(for: service)
        if nextDue <= nowNanoseconds { expire() }
        if !dialFailures.isEmpty { deliverDialFailures() }
        deliverEndings()
        service.turnEnded()
        if !flushList.isEmpty { writeStreams(of: service) }
        if !endings.isEmpty {
            deliverEndings()
            turnOwed = true
        }
        attend()
        statistics.turns &+= 1
        readClock()
        statistics.worstTurnNanoseconds = max(
            statistics.worstTurnNanoseconds, nowNanoseconds - begin)
    }

    /// As many as there is time for. The others are taken first in the next turn, before the kernel is
    /// asked for more: so nobody is passed over who was ready when others were.
    @inline(__always)
    private func takeEvents(for service: any Service) {
        var budget = TurnBudget(from: nowNanoseconds + origin)
        while eventsTaken < eventsCount {
            let event = epoll.event(eventsTaken)
            eventsTaken += 1
            guard let event else {
                statistics.staleEvents &+= 1
                continue
            }
            let before = statistics.bytesRead
            take(event.ready, from: event.source, for: service)
            deliverEndings()
            let bytes = statistics.bytesRead &- before
            if budget.isSpent(TurnBudget.event + bytes) { return }
        }
    }

    @inline(__always)
    private func take(_ ready: Interest, from source: Source, for service: any Service) {
        if source.kind == .stream { return streamReady(source.index, ready, service) }
        takeRare(ready, from: source)
    }

    @inline(never)
    private func takeRare(_ ready: Interest, from source: Source) {
        switch source.kind {
        case .listener: accept(from: source.index)
        case .wakeup: service?.woken(wakeups[source.index].tag)
        case .alarm: alarm.rang()
        case .resolution: resolved(source.index)
        case .signals:
            while let signal = signals.next() { service?.signalled(signal) }
        case .stream, .none: break
        }
    }

    @inline(__always)
    private func streamReady(_ slot: Int, _ ready: Interest, _ service: any Service) {
        switch streams[slot].state {
        case .connecting: connected(slot)
        case .open:
            if ready.contains(.output) { roomToWrite(slot) }
            if ready.intersection([.input, .hangup, .error]) != [] {
                inputReady(slot, ready, service)
            }
        case .finishing, .lingering:
            if ready.contains(.output) { roomToWrite(slot) }
            if ready.intersection([.input, .hangup, .error]) != [] { discardInput(slot) }
        case .free, .ended: break
        }
    }

    /// Tells of ends that have come up, also of those that the telling brings.
    @inline(__always)
    func deliverEndings() {
        if !endings.isEmpty { tellEndings() }
    }

    @inline(never)
    private func tellEndings() {
        var next = 0
        while next < min(endings.count, TurnBudget.endings) {
            let (slot, reason) = endings[next]
            service?.closed(slot, reason)
            release(slot)
            next += 1
        }
        endings.removeFirst(next)
    }

    private func expire() {
        var budget = TurnBudget(from: monotonicNanoseconds())
        // A service that sets a deadline in the past gets it in the next turn, not for ever in this.
        for _ in 0..<deadlines.count {
            guard let key = deadlines.popDue(at: nowNanoseconds) else { break }
            service?.deadlineReached(key)
            if budget.isSpent(TurnBudget.deadline) { break }
        }
        while let slot = streamDeadlines.popDue(at: nowNanoseconds) {
            streamExpired(slot)
            if budget.isSpent(TurnBudget.deadline) { break }
        }
        if let resume = acceptResumesAt, resume <= nowNanoseconds { resumeAccepting() }
    }

    /// When there is something for `expire`; the end of time where nothing is awaited.
    private var nextDue: Int64 {
        min(deadlines.earliest, streamDeadlines.earliest, acceptResumesAt ?? .max)
    }

    private func streamExpired(_ slot: Int) {
        switch streams[slot].state {
        case .connecting: dialAttemptFailed(slot, ETIMEDOUT)
        case .finishing, .lingering: end(slot, .requested)
        case .free, .open, .ended: break
        }
    }

    private func deliverDialFailures() {
        let failures = dialFailures
        dialFailures.removeAll(keepingCapacity: true)
        for (tag, error) in failures { service?.dialFailed(tag: tag, error) }
    }

    /// The loop's own duties between turns.
    private func attend() {
        if log?.hasBacklog == true { log?.flush() }
        watchdog?.feed(at: nowNanoseconds + origin)
    }

    /// Something is left of this turn, or nothing is to be waited for.
    var hasWork: Bool {
        turnOwed || !flushList.isEmpty || !redeliveryList.isEmpty || !endings.isEmpty
            || !dialFailures.isEmpty || isStopped
    }

    /// How long the next wait may be; nil for as long as nothing happens, the alarm included.
    private func timeout() -> Int64? {
        if hasWork { return 0 }
        var next = nextDue
        if let watchdog { next = min(next, watchdog.due - origin) }
        if let log, log.hasBacklog { next = min(next, nowNanoseconds + 100_000_000) }
        if next == .max { return nil }
        let length = max(0, next - nowNanoseconds)
        if length < Alarm.leastWait { return length }
        alarm.ring(by: next + origin)
        return nil
    }
}
