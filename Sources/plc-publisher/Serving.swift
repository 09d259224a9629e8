// SPDX-License-Identifier: Apache-2.0
//
// The process around the service: the outbox is opened and read, what the source still has to give
// follows from it, and the loop runs until the end, whose reason becomes the exit code.
import ArgumentParser
import ClientCore
import Journal
import Reactor

/// Where a simulated PLC ends, if it does: after so many readings, or with one of the stream.
struct End {
    var count: Int?
    var last: Int?

    func remaining(from next: MessageNumber) -> Int? {
        last.map { max(0, $0 - Int(next.rawValue) + 1) } ?? count
    }
}

/// What is to be published, before it is known how much of it was.
enum Plan {
    case simulator(End)
    case recording(Recording, Fingerprint, again: Bool)

    /// What is left of it, and what the outbox must remember of that.
    func begin(
        _ configuration: Configuration, _ recovered: borrowing RecoveredOutbox
    ) -> (Source, Bookmark) {
        var bookmark = recovered.bookmark
        let next = recovered.outbox.nextNumber
        switch self {
        case .simulator(let end):
            bookmark.recording?.pause(at: next)
            let source = Source.simulated(
                configuration, count: end.remaining(from: next), from: next.rawValue)
            return (source, bookmark)
        case .recording(let recording, let fingerprint, let again):
            let known = bookmark.recording.flatMap { $0.fingerprint == fingerprint ? $0 : nil }
            var mark = RecordingMark(fingerprint, count: recording.count)
            if let known, !again { mark = known }
            mark.begin(at: next)
            bookmark.recording = mark
            return (.recorded(recording, after: mark.rowsTaken(before: next)), bookmark)
        }
    }
}

func serve(_ configuration: Configuration, _ plan: Plan, _ proof: ProofOptions) throws {
    do {
        try run(configuration, plan, proof)
    } catch let error as OutboxOfOtherStream {
        complain(error.description)
        throw ExitCode(Exit.configuration)
    } catch let error as RecoveryError {
        complain("the outbox cannot be opened: \(error)")
        throw ExitCode(Exit.disk)
    } catch let error as DiskError {
        complain("the outbox failed, so no reading can be taken any more: \(error)")
        throw ExitCode(Exit.disk)
    } catch let error as LedgerError {
        complain("the ledger failed: \(error.cause)")
        throw ExitCode(Exit.disk)
    } catch let error as SystemError {
        complain(error.description)
        throw ExitCode(error.isDenied ? Exit.notAllowed : Exit.failed)
    }
}

private func run(
    _ configuration: Configuration, _ plan: Plan, _ proof: ProofOptions
) throws {
    let loop = try EventLoop()
    let log = Log(program: "plc-publisher")
    Readiness.status("recovering")
    let recovered = try RecoveredOutbox(
        folder: configuration.outboxFolder, stream: configuration.stream)
    let journalist = Journalist(log, server: configuration.broker.description)
    journalist.recovered(recovered)
    let (source, bookmark) = plan.begin(configuration, recovered)
    if let mark = bookmark.recording, source.isRecorded {
        let rows = mark.rowsTaken(before: recovered.outbox.nextNumber)
        if rows > 0 { journalist.recordingGoesOn(after: rows, of: mark.count) }
    }
    let ledger = try proof.ledger.map { path in try Ledger(path) }
    let store = try Store(
        recovered.store, wakeup: try loop.addWakeup(tag: 0), makeState: { Outbox() },
        now: { loop.startedAt + loop.now.nanoseconds })
    let service = PublisherService(
        configuration, source, loop, log, recovered, store, ledger)
    service.start(note: bookmark.bytes)
    loop.run()
    store.close()
    log.drain()
    loop.service = nil
    if let failure = service.failure { throw failure }
    guard service.lost == 0 else { throw ExitCode(Exit.failed) }
}
