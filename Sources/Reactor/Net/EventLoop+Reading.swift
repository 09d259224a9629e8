// SPDX-License-Identifier: Apache-2.0
//
// Reading: into the one shared buffer, or straight into a large unfinished packet; handed to the
// service in place, and only the unfinished tail is moved. The kernel tells once that something has
// come, so either all is read, or it is asked to tell again.

import CEpoll
import Glibc

enum ReceiveLimits {
    /// One buffer for all connections.
    static let bufferSize = 256 * 1024
    static let readMax = 64 * 1024
    /// What one connection may bring in a turn: the others wait for it.
    static let turnMax = 256 * 1024
    /// A large packet's buffer has at least this much room before a read.
    static let roomMin = 16 * 1024
    /// No protocol here has a packet beyond 256 MiB and its header; a service that lets more than
    /// this collect has a fault that must not take the machine's memory.
    static let tailMax = 257 << 20
}

extension EventLoop {
    @inline(__always)
    func inputReady(_ slot: Int, _ ready: Interest, _ service: any Service) {
        guard streams[slot].state == .open else { return }
        if !streams[slot].flags.isDisjoint(with: .unread) {
            pausedInputReady(slot, ready)
        } else {
            readStream(slot, ready, service)
        }
    }

    @inline(never)
    private func pausedInputReady(_ slot: Int, _ ready: Interest) {
        if ready.contains(.error) {
            end(slot, .failed(SystemError(operation: "read", errno: pendingError(slot))))
        } else if !ready.contains(.hangup) {  // Nothing more comes behind that.
            disarmInput(slot)
        }
    }

    private func readStream(_ slot: Int, _ ready: Interest, _ service: any Service) {
        var budget = ReceiveLimits.turnMax
        while budget > 0 {
            let held = streams[slot].tail.count
            let isLarge = streams[slot].tail.isLarge
            guard held <= ReceiveLimits.tailMax else {
                return end(slot, .failed(SystemError(operation: "read", errno: EMSGSIZE)))
            }
            let room = isLarge ? roomInTail(slot) : roomBehindTail(slot)
            let count = cepoll_receive(streams[slot].descriptor, room.baseAddress, room.count)
            guard count > 0 else { return readEnded(slot, count) }
            statistics.reads &+= 1
            statistics.bytesRead &+= count
            budget -= count
            if isLarge {
                streams[slot].tail.extend(by: count)
                guard deliverTail(slot, service) else { return }
            } else {
                guard deliver(slot, held + count, service) else { return }
            }
            // A short read has emptied the socket, and asking again would only bring EAGAIN: if not the
            // peer's end.
            let isEnd = !ready.isDisjoint(with: [.peerEnd, .hangup, .error])
            guard count == room.count || isEnd else { return }
            // Who resumes has the kernel tell again.
            guard streams[slot].flags.isDisjoint(with: .unread) else { return }
            // Few bytes can mean much work, where many are to get each message.
            guard monotonicNanoseconds() - origin - nowNanoseconds < TurnBudget.nanoseconds else {
                break
            }
        }
        applyInterest(slot)
    }

    /// What is to be kept by itself is read up to its end.
    private func roomInTail(_ slot: Int) -> UnsafeMutableRawBufferPointer {
        let size = sizeToKeep(slot)
        let missing = size.map { $0 - streams[slot].tail.count } ?? 0
        let most = missing > 0 ? min(missing, ReceiveLimits.readMax) : ReceiveLimits.readMax
        let room = streams[slot].tail.room(atLeast: min(most, ReceiveLimits.roomMin), of: size)
        return UnsafeMutableRawBufferPointer(rebasing: room.prefix(most))
    }

    private func sizeToKeep(_ slot: Int) -> Int? {
        guard streams[slot].tail.isLarge else { return nil }
        return service?.sizeToKeep(
            streams[slot].tail.bytes.assumingMemoryBound(to: UInt8.self).span, on: slot)
    }

    /// The small tail goes in front of the shared buffer, the read behind it.
    private func roomBehindTail(_ slot: Int) -> UnsafeMutableRawBufferPointer {
        let tail = streams[slot].tail.bytes
        if !tail.isEmpty { receiveBuffer.copyMemory(from: tail) }
        return UnsafeMutableRawBufferPointer(
            rebasing: receiveBuffer[tail.count..<tail.count + ReceiveLimits.readMax])
    }

    /// Hands the first bytes of the shared buffer to the service and keeps what it leaves.
    @inline(__always)
    private func deliver(_ slot: Int, _ count: Int, _ service: any Service) -> Bool {
        let bytes = UnsafeRawBufferPointer(rebasing: receiveBuffer[..<count])
        guard let consumed = offer(bytes, slot, service) else { return false }
        if consumed < count || streams[slot].tail.capacity > 0 {
            streams[slot].tail.keep(UnsafeRawBufferPointer(rebasing: bytes[consumed...]))
        }
        return true
    }

    /// Hands the kept bytes to the service where they lie.
    private func deliverTail(_ slot: Int, _ service: any Service) -> Bool {
        if let size = sizeToKeep(slot), size <= streams[slot].tail.count {
            return deliverWhole(slot, size, service)
        }
        guard let consumed = offer(streams[slot].tail.bytes, slot, service) else { return false }
        streams[slot].tail.drop(consumed)
        return true
    }

    /// Hands over a packet with its memory.
    private func deliverWhole(_ slot: Int, _ size: Int, _ service: any Service) -> Bool {
        // Out of the loop's hands meanwhile: the connection may end, and its tail with it.
        var packet = streams[slot].tail.take(size)
        let memory = UnsafeMutableRawBufferPointer(start: packet.base, count: size)
        switch service.receivedWhole(memory, on: slot) {
        case .kept: break
        case .consumed: packet.release()
        case .left:
            streams[slot].tail.putBack(packet)
            return streams[slot].state == .open
        }
        guard streams[slot].state == .open else { return false }
        if streams[slot].tail.count > 0, streams[slot].flags.isDisjoint(with: .unread) {
            return deliverTail(slot, service)
        }
        return true
    }

    /// How much the service consumed; nil where it ended the connection meanwhile.
    @inline(__always)
    private func offer(
        _ bytes: UnsafeRawBufferPointer, _ slot: Int, _ service: any Service
    ) -> Int? {
        let consumed = service.received(
            bytes.assumingMemoryBound(to: UInt8.self).span, on: slot)
        precondition(consumed >= 0 && consumed <= bytes.count, "consumed \(consumed)")
        return streams[slot].state == .open ? consumed : nil
    }

    private func readEnded(_ slot: Int, _ result: Int) {
        if result == 0 {
            end(slot, .peerClosed)
        } else if errno != EAGAIN, errno != EINTR {
            end(slot, .failed(SystemError(operation: "read")))
        }
    }

    /// Offers again what services had left when they paused or yielded, as far as there is time.
    func redeliver(to service: any Service) {
        var budget = TurnBudget(from: nowNanoseconds + origin)
        let count = redeliveryList.count
        var done = 0
        while done < count {
            let slot = redeliveryList[done]
            done += 1
            // The slot may have got a new connection since; that one has no such flag.
            guard streams[slot].flags.contains(.redeliveryWanted) else { continue }
            redeliver(slot, to: service)
            deliverEndings()
            if budget.isSpent(TurnBudget.deadline) { break }
        }
        redeliveryList.removeFirst(done)
    }

    private func redeliver(_ slot: Int, to service: any Service) {
        let hadYielded = streams[slot].flags.contains(.yielded)
        streams[slot].flags.subtract([.redeliveryWanted, .yielded])
        guard streams[slot].state == .open, !streams[slot].flags.contains(.paused) else { return }
        if streams[slot].tail.count > 0, !deliverTail(slot, service) { return }
        // Input may have come that was not looked at.
        if hadYielded, streams[slot].flags.isDisjoint(with: .unread) { armInput(slot) }
    }

    func pendingError(_ slot: Int) -> Int32 {
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        let result = getsockopt(streams[slot].descriptor, SOL_SOCKET, SO_ERROR, &error, &size)
        return result == 0 ? error : errno
    }
}
