// SPDX-License-Identifier: Apache-2.0
//
// Turns, their end, wake-ups from other threads, signals, time.

import Glibc
import Synchronization
import Testing

@testable import Reactor

@Suite struct LoopTests {
    /// Runs `body` on a thread that is not ours, and waits for its end.
    private func onAThread(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(body))
        pthread_create(
            &thread, nil,
            { context in
                Unmanaged<Box>.fromOpaque(context!).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        pthread_join(thread, nil)
    }

    @Test func aWakeupFromAnotherThreadIsHeardOnce() throws {
        let recorder = Recorder(try EventLoop(handlesSignals: false))
        let wakeup = try recorder.loop.addWakeup(tag: 11)
        let other = try recorder.loop.addWakeup(tag: 12)
        onAThread { for _ in 0..<3 { wakeup.signal() } }
        recorder.loop.turn()
        #expect(recorder.heard == [.woken(11)])
        other.signal()
        wakeup.signal()
        recorder.loop.turn()
        #expect(
            Set(["\(recorder.heard[1])", "\(recorder.heard[2])"]) == ["woken(11)", "woken(12)"])
        #expect(recorder.loop.isIdle)
    }

    @Test func runEndsWithTheTurnInWhichItWasStopped() throws {
        let loop = try EventLoop(handlesSignals: false)
        let recorder = Recorder(loop)
        final class Stopper: Service {
            let inner: Recorder
            init(_ inner: Recorder) { self.inner = inner }
            func opened(_ connection: Int, from peer: Peer, tag: Int) {}
            func received(_ bytes: Span<UInt8>, on connection: Int) -> Int { bytes.count }
            func closed(_ connection: Int, _ reason: CloseReason) {}
            func dialFailed(tag: Int, _ error: SystemError) {}
            func deadlineReached(_ key: Int) { inner.loop.stop() }
            func signalled(_ signal: Signal) {}
            func woken(_ tag: Int) {}
            func turnEnded() { inner.turnsEnded += 1 }
            func gather(_ connection: Int, into vectors: inout OutputVectors) {}
            func wrote(_ count: Int, on connection: Int) {}
        }
        loop.service = Stopper(recorder)
        for expected in 1...2 {
            loop.setDeadline(0, at: .zero)
            loop.run()
            #expect(recorder.turnsEnded == expected)
        }
        #expect(loop.statistics.turns == 2)
        #expect(loop.statistics.worstTurn > .zero)
    }

    @Test func signalsAreEvents() {
        // On a thread of its own, because the loop blocks them in the thread that makes it.
        let heard = Mutex<[Heard]>([])
        onAThread {
            guard let loop = try? EventLoop() else { return }
            let recorder = Recorder(loop)
            for signal in [SIGTERM, SIGHUP, SIGINT] {
                pthread_kill(pthread_self(), signal)
                loop.turn()
            }
            let all = recorder.heard
            heard.withLock { $0 = all }
        }
        #expect(
            heard.withLock { $0 } == [.signal(.terminate), .signal(.hangup), .signal(.interrupt)])
    }

    @Test func timeStandsStillWithinATurnAndKnowsUnixTime() throws {
        let (recorder, socket, _) = try connected()
        var times: [Duration] = []
        recorder.onReceived = { bytes, _ in
            times.append(recorder.loop.now)
            let end = monotonicNanoseconds() + 2_000_000
            while monotonicNanoseconds() < end {}
            times.append(recorder.loop.now)
            return bytes.count
        }
        socket.send([1])
        recorder.drive("it is read", until: { times.count == 2 })
        #expect(times[0] == times[1])
        #expect(recorder.loop.statistics.worstTurn >= .milliseconds(2))
        recorder.loop.readClock()
        let unix = recorder.loop.startedAt + recorder.loop.now.nanoseconds
        #expect(abs(unix - wallClockNanoseconds()) < 1_000_000_000)
    }

    @Test func aLoopIsIdleWhenNothingIsLeftAndNothingHasCome() throws {
        let (recorder, socket, connection) = try connected()
        recorder.drive("nothing happens", until: { recorder.loop.isIdle })
        recorder.send([1], on: connection)
        #expect(!recorder.loop.isIdle, "something is to be written")
        recorder.loop.turn()
        #expect(recorder.loop.isIdle)
        socket.send(framed([7]))
        while recorder.loop.isIdle { usleep(100) }
        #expect(recorder.packets == [])
        recorder.loop.turn()
        #expect(recorder.packets == [[7]], "having asked loses nothing")
    }

    @Test func durationsAsNanoseconds() {
        #expect(Duration.milliseconds(1500).nanoseconds == 1_500_000_000)
        #expect(Duration.nanoseconds(-7).nanoseconds == -7)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
    }

    @Test func theWatchdogIsFedAtAThirdAndMayBeWithheld() {
        var fed = 0
        var isHealthy = true
        let watchdog = Watchdog(
            interval: .seconds(3), while: { isHealthy }, report: { fed += 1 })
        let begin = watchdog.due
        watchdog.feed(at: begin)
        watchdog.feed(at: begin + 900_000_000)
        #expect(fed == 1)
        watchdog.feed(at: begin + 1_000_000_000)
        #expect(fed == 2)
        isHealthy = false
        watchdog.feed(at: begin + 2_000_000_000)
        #expect(fed == 2)
        #expect(watchdog.due == begin + 3_000_000_000)
    }

    @Test func theLoopFeedsTheWatchdogWhileItIsIdle() throws {
        let recorder = Recorder(try EventLoop(handlesSignals: false))
        var fed = 0
        recorder.loop.watchdog = Watchdog(
            interval: .milliseconds(15), while: { true }, report: { fed += 1 })
        while fed < 4 { recorder.loop.turn() }
        #expect(recorder.loop.statistics.turns <= 5)
    }

    @Test func statesForTheServiceManagerAreOneAssignmentALine() {
        #expect(Readiness.message("READY=1", nil) == "READY=1")
        #expect(Readiness.message("READY=1", "serving") == "READY=1\nSTATUS=serving")
        #expect(Readiness.message(nil, "a\nMAINPID=1") == "STATUS=a MAINPID=1")
    }
}
