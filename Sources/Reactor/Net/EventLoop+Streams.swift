// SPDX-License-Identifier: Apache-2.0
//
// The life of a connection from socket to free slot, and what a service may ask for it. Reading,
// writing, accepting and dialling each have a file of their own.

import CEpoll
import Glibc

/// How long a finishing connection may make no progress, and how much it may still send us.
private enum LingerLimits {
    static let nanoseconds: Int64 = 2_000_000_000
    static let bytes: UInt32 = 1 << 20
}

extension EventLoop {
    /// Closes now; what was not written is dropped. `closed` follows before the turn is over, or, where very
    /// many have ended, in one of the next.
    package func close(_ connection: Int) {
        guard isAlive(connection) else { return }
        end(connection, .requested)
    }

    /// Writes what `gather` still gives, shuts our side, and waits for the peer's end (some two
    /// seconds at most) so that it gets our last bytes. No more `received` from now on. What a gate
    /// still holds back is not waited for: finish when the last bytes may leave. Of a peer that is
    /// done nothing more can come that a close would answer with a reset: that one is not waited for.
    package func finish(_ connection: Int, peerIsDone: Bool = false) {
        guard streams[connection].state == .open else { return }
        streams[connection].state = .finishing
        if peerIsDone { streams[connection].flags.insert(.peerIsDone) }
        streams[connection].flags.remove(.paused)
        armInput(connection)
        armLinger(connection)
        flush(connection)
    }

    /// Writes this one when the turn ends. Cheap, and may be called often: it is one write.
    package func flush(_ connection: Int) {
        let stream = streams[connection]
        guard stream.mayWrite, stream.flags.isDisjoint(with: [.flushWanted, .writeBlocked]) else {
            return
        }
        streams[connection].flags.insert(.flushWanted)
        flushList.append(connection)
    }

    /// No `received` until `resumeReading`: TCP tells the peer to wait.
    package func pauseReading(_ connection: Int) {
        // The kernel is told only when input comes: most pauses are over before.
        guard streams[connection].state == .open else { return }
        streams[connection].flags.insert(.paused)
    }

    /// Bytes that were left unconsumed come at once, without waiting for more.
    package func resumeReading(_ connection: Int) {
        guard streams[connection].state == .open, streams[connection].flags.contains(.paused) else {
            return
        }
        streams[connection].flags.remove(.paused)
        armInput(connection)
        if streams[connection].tail.count > 0 { wantRedelivery(connection) }
    }

    /// No `received` in this turn. What is left comes in the next one, and nothing else before it.
    package func yieldReading(_ connection: Int) {
        guard streams[connection].state == .open else { return }
        streams[connection].flags.insert(.yielded)
        wantRedelivery(connection)
    }

    private func wantRedelivery(_ connection: Int) {
        guard !streams[connection].flags.contains(.redeliveryWanted) else { return }
        streams[connection].flags.insert(.redeliveryWanted)
        redeliveryList.append(connection)
    }

    /// Whether the service has been told of this connection and not yet of its end.
    private func isAlive(_ connection: Int) -> Bool {
        switch streams[connection].state {
        case .open, .finishing, .lingering: true
        case .free, .connecting, .ended: false
        }
    }

    /// Takes a socket in; nil where epoll will not have it, and then the socket is closed.
    func adopt(_ descriptor: Int32, listener: Int, connecting: Bool) -> Int? {
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
        } else {
            guard slotsUsed < streams.capacity else {
                Glibc.close(descriptor)
                errno = EMFILE
                return nil
            }
            slot = slotsUsed
            slotsUsed += 1
        }
        streams[slot] = Stream(
            descriptor: descriptor, listener: Int16(listener),
            state: connecting ? .connecting : .open,
            flags: connecting ? .outputArmed : .inputArmed, tail: .empty, discarded: 0)
        do throws(SystemError) {
            try epoll.add(descriptor, streams[slot].interest, Source(.stream, slot))
        } catch {
            Glibc.close(descriptor)
            release(slot)
            errno = error.errno
            return nil
        }
        return slot
    }

    /// Closes the socket. The slot and its tail stay until `closed` is delivered: the service may
    /// be looking at that tail this moment.
    func end(_ slot: Int, _ reason: CloseReason) {
        statistics.connections &-= 1
        let listener = Int(streams[slot].listener)
        if listener >= 0 { listeners[listener].connections -= 1 }
        // Once we have asked for the end, how it came is no news.
        let wasAsked = streams[slot].state != .open
        closeSocket(slot)
        streams[slot].state = .ended
        endings.append((slot, wasAsked ? .requested : reason))
    }

    /// Closes a socket of which the service knows nothing, or not any more.
    func closeSocket(_ slot: Int) {
        epoll.forget(streams[slot].descriptor)
        Glibc.close(streams[slot].descriptor)
        streams[slot].descriptor = -1
        streamDeadlines.cancel(slot)
    }

    func release(_ slot: Int) {
        streams[slot].tail.release()
        streams[slot].state = .free
        streams[slot].descriptor = -1
        freeSlots.append(slot)
    }

    /// The kernel tells of input, also of what it had told before.
    func armInput(_ slot: Int) {
        streams[slot].flags.insert(.inputArmed)
        applyInterest(slot)
    }

    func disarmInput(_ slot: Int) {
        guard streams[slot].flags.contains(.inputArmed) else { return }
        streams[slot].flags.remove(.inputArmed)
        applyInterest(slot)
    }

    func applyInterest(_ slot: Int) {
        epoll.change(streams[slot].descriptor, streams[slot].interest)
    }

    /// A finishing connection has made progress; without more it ends in two seconds.
    func armLinger(_ slot: Int) {
        streamDeadlines.set(slot, at: nowNanoseconds + LingerLimits.nanoseconds)
    }

    /// Everything is written: shut our side and wait for the peer's.
    func linger(_ slot: Int) {
        disarmOutput(slot)
        streams[slot].state = .lingering
        // With the peer's end already here, nothing is left to wait for.
        guard shutdown(streams[slot].descriptor, Int32(SHUT_WR)) == 0,
            streams[slot].flags.contains(.inputArmed)
        else { return end(slot, .requested) }
        armLinger(slot)
    }

    /// All input of a finishing or lingering connection.
    func discardInput(_ slot: Int) {
        var count: Int
        repeat {
            count = cepoll_receive(
                streams[slot].descriptor, receiveBuffer.baseAddress, ReceiveLimits.readMax)
            streams[slot].discarded += UInt32(max(0, count))
            if streams[slot].discarded > LingerLimits.bytes { return end(slot, .requested) }
        } while count > 0
        if count == 0, streams[slot].state == .finishing {
            // The peer has ended its side but may still read ours.
            disarmInput(slot)
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            end(slot, .requested)
        }
    }
}
