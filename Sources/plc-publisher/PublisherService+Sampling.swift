// SPDX-License-Identifier: Apache-2.0
//
// The clock that asks for readings, and what stops it. A reading goes to the ledger first, if there
// is one, then into the outbox; it counts as taken when the outbox says so.
import ClientCore
import MQTT
import Reactor

extension PublisherService {
    /// What stops the clock. What is not sampled cannot be lost.
    enum Hold {
        /// Until a reading is delivered.
        case outboxFull
        /// Until the disk has room again.
        case diskFull
    }

    /// A clock that is further behind than this does not catch up.
    private static let lagMax = Duration.seconds(1)
    private static let toldInterval = Duration.seconds(60)

    /// Takes all readings that are due.
    func sample() {
        if loop.now - nextSample > Self.lagMax { nextSample = loop.now }
        while nextSample <= loop.now, hasMore {
            if let reason = holdReason { return hold(reason) }
            guard takeReading() else { return }
            nextSample += step
        }
        if hasMore { loop.setDeadline(Key.sample, at: nextSample) }
    }

    private var hasMore: Bool { source.remaining != 0 || unwritten != nil }

    var holdReason: Hold? {
        if storeIsFull || ledgerIsFull { return .diskFull }
        return engine.session.takesMessages ? nil : .outboxFull
    }

    /// False if the clock has to stand still instead.
    private func takeReading() -> Bool {
        do {
            guard let reading = try unwritten ?? source.next(at: now) else { return true }
            unwritten = reading
            let seq = nextSeq
            let message = reading.message(
                topic: configuration.topic, stream: configuration.stream, seq: seq, at: now)
            try ledger?.append(message.payload)
            unwritten = nil
            goOn()
            willTake(seq, reading)
            guard engine.enqueue(message, at: now) != nil else {
                preconditionFailure("the outbox had room")
            }
            return true
        } catch let error as SystemError {
            ledgerIsFull = error.isFull
            if error.isFull { hold(.diskFull) } else { fail(LedgerError(cause: error)) }
            return false
        } catch {
            preconditionFailure("\(error): the file was checked at the start")
        }
    }

    private func hold(_ reason: Hold) {
        guard hold != reason else { return }
        hold = reason
        switch reason {
        case .diskFull: journalist.diskIsFull(outbox: engine.session.outbox.count)
        // A recording can wait as long as it likes.
        case .outboxFull where source.isRecorded: break
        case .outboxFull: tellOutboxFull()
        }
    }

    /// An outbox at its limit is full and has room again with every delivery: one line a minute
    /// tells of all.
    private func tellOutboxFull() {
        let isSoon = fullTold.map { loop.now - $0.at < Self.toldInterval } ?? false
        if isSoon {
            fullTold?.more += 1
            return
        }
        journalist.samplingStopped(
            outbox: engine.session.outbox.count, more: fullTold?.more ?? 0)
        fullTold = (loop.now, 0)
    }

    /// What stopped the clock is over.
    private func goOn() {
        guard let held = hold else { return }
        hold = nil
        if held == .diskFull || fullTold?.more == 0 { journalist.samplingResumed(held) }
    }
}
