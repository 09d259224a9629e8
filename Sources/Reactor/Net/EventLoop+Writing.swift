// SPDX-License-Identifier: Apache-2.0
//
// Writing: once per connection and turn, by gathering. The kernel is asked to tell of room only
// after a write that it did not take whole.

import Glibc

extension EventLoop {
    /// Writes all that asked for it, as far as there is time. What asks meanwhile is for the next
    /// turn, which follows at once.
    func writeStreams(of service: any Service) {
        var budget = TurnBudget()
        let count = flushList.count
        var done = 0
        while done < count {
            let slot = flushList[done]
            done += 1
            // The slot may have got a new connection since, with or without a wish of its own.
            guard streams[slot].flags.contains(.flushWanted) else { continue }
            streams[slot].flags.remove(.flushWanted)
            // What found no room waits for the kernel's word, also where a flush was asked for in the middle of it.
            guard streams[slot].mayWrite, !streams[slot].flags.contains(.writeBlocked) else {
                continue
            }
            let before = statistics.bytesWritten
            writeStream(slot, service)
            let bytes = statistics.bytesWritten &- before
            if done < count, budget.isSpent(TurnBudget.write + bytes) { break }
        }
        flushList.removeFirst(done)
    }

    func roomToWrite(_ slot: Int) {
        streams[slot].flags.remove(.writeBlocked)
        flush(slot)
    }

    @inline(__always)
    private func writeStream(_ slot: Int, _ service: any Service) {
        var budget = OutputVectors.byteMax
        while budget > 0 {
            var vectors = OutputVectors(storage: vectorStorage)
            service.gather(slot, into: &vectors)
            guard streams[slot].mayWrite else { return }
            guard vectors.byteCount > 0 else { return drained(slot) }
            let count = vectors.write(to: streams[slot].descriptor)
            if count < 0 {
                switch errno {
                case EAGAIN: return waitForRoom(slot)
                case EINTR: continue
                default: return end(slot, .failed(SystemError(operation: "write")))
                }
            }
            statistics.writes &+= 1
            statistics.bytesWritten &+= count
            budget -= count
            service.wrote(count, on: slot)
            guard streams[slot].mayWrite else { return }
            if streams[slot].state == .finishing { armLinger(slot) }
            if count < vectors.byteCount { return waitForRoom(slot) }
            // Room was left: that was all.
            guard vectors.isFull || streams[slot].state == .finishing else {
                return disarmOutput(slot)
            }
        }
        flush(slot)
    }

    private func drained(_ slot: Int) {
        if streams[slot].state == .finishing {
            if streams[slot].flags.contains(.peerIsDone) {
                end(slot, .requested)
            } else {
                linger(slot)
            }
        } else {
            disarmOutput(slot)
        }
    }

    private func waitForRoom(_ slot: Int) {
        streams[slot].flags.insert(.writeBlocked)
        guard !streams[slot].flags.contains(.outputArmed) else { return }
        streams[slot].flags.insert(.outputArmed)
        applyInterest(slot)
    }

    func disarmOutput(_ slot: Int) {
        guard streams[slot].flags.contains(.outputArmed) else { return }
        streams[slot].flags.remove(.outputArmed)
        applyInterest(slot)
    }
}
