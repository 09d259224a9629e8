// SPDX-License-Identifier: Apache-2.0
//
// Leads all clients of a load through its stages on one event loop. A stage ends when each client
// that takes part in it has done its step, or, while messages flow, when the tally says so.
import Glibc
import MQTT
import Reactor

final class LoadService: Service {
    enum Stage {
        /// Subscribers connect and subscribe.
        case subscribing
        /// They go away again, for messages to wait for them.
        case departing
        case connecting
        case loading
        /// What the broker has sent to a subscriber before its PINGRESP has been counted.
        case confirming
        case leaving
        /// Sessions that would outlive us are ended.
        case cleaning
        case over
    }

    enum Key {
        static let pace = 0
        static let end = 1
        static let patience = 2
        static let warm = 3
        static let tick = 4
    }

    /// Samples of the series are so long.
    static let tickSeconds = 0.1

    let plan: LoadPlan
    let loop: EventLoop
    let tally = Tally()
    let publishers: [LoadPublisher]
    let subscribers: [LoadSubscriber]
    /// Subscribers first: the tag of a dial is a place in it.
    let links: [Link]
    /// Places in `links` by connection.
    private var places: [Int] = []

    var stage = Stage.subscribing
    /// Clients that have not done their step of the stage.
    var pending = 0
    private(set) var failure: LoadFailure?
    /// Nothing has moved for as long as patience lasts.
    private(set) var isStuck = false
    private var stepsBefore = -1

    private let brokerPid: Int32?
    var startedAt: Int64 = 0
    private var endedAt: Int64 = 0
    /// What was sent and delivered when measuring began.
    private var sentBefore = 0
    private var deliveredBefore = 0
    private(set) var series = Series()
    private var deliveredAtTick = 0
    private var progress: Progress
    private var brokerBefore: ProcessUse?
    private var brokerAfter: ProcessUse?
    private var ownBefore: Int64 = 0
    private var ownAfter: Int64 = 0

    init(_ plan: LoadPlan, _ loop: EventLoop, brokerPid: Int32?) {
        self.plan = plan
        self.loop = loop
        self.brokerPid = brokerPid
        progress = Progress(isOn: plan.showsProgress)
        let tally = tally
        subscribers = (0..<plan.subscribers).map { LoadSubscriber($0, plan, tally) }
        publishers =
            plan.work == .drain
            ? [] : (0..<plan.publishers).map { LoadPublisher($0, plan, tally) }
        links = subscribers.map(\.link) + publishers.map(\.link)
        if plan.work == .drain {
            tally.expected = (0..<plan.publishers)
                .reduce(0) { $0 + plan.receivers(of: $1) * (plan.quota(of: $1) ?? 0) }
        }
    }

    /// Returns when all is over, well or not.
    func run() {
        loop.service = self
        watch()
        begin(.subscribing)
        loop.run()
        loop.service = nil
    }

    func fail(_ failure: LoadFailure) {
        guard self.failure == nil else { return }
        self.failure = failure
        loop.stop()
    }

    var report: LoadReport {
        LoadReport(
            plan: plan, tally: tally, isStuck: isStuck,
            sent: tally.sent - sentBefore, delivered: tally.delivered - deliveredBefore,
            checks: publishers.isEmpty
                ? (0..<plan.publishers).map { ($0, plan.quota(of: $0) ?? 0) }
                : publishers.map { ($0.number, $0.sent) },
            subscribers: subscribers, publishTime: endedAt - startedAt,
            deliveryTime: tally.lastDeliveryAt - startedAt, ownCPU: ownAfter - ownBefore,
            brokerBefore: brokerBefore, brokerAfter: brokerAfter)
    }

    func takeStock(isBegin: Bool) {
        let own = ProcessUse(of: getpid())?.cpuNanoseconds ?? 0
        let broker = brokerPid.flatMap(ProcessUse.init(of:))
        if isBegin {
            startedAt = nanosecondsNow()
            ownBefore = own
            brokerBefore = broker
            sentBefore = tally.sent
            deliveredBefore = tally.delivered
            deliveredAtTick = tally.delivered
        } else {
            progress.end()
            endedAt = nanosecondsNow()
            ownAfter = own
            brokerAfter = broker
        }
    }

    /// Measuring begins here; the first part only brought everything to its temperature.
    private func warmedUp() {
        guard stage == .loading else { return }
        tally.latencies.reset()
        series = Series()
        takeStock(isBegin: true)
    }

    func tick() {
        guard stage == .loading else { return }
        let delivered = tally.delivered - deliveredAtTick
        deliveredAtTick = tally.delivered
        series.tick(delivered: delivered, latencyMax: UInt64(tally.latencyMax))
        tally.latencyMax = 0
        progress.tick(tally, delivered: delivered, seconds: Self.tickSeconds)
        loop.setDeadline(Key.tick, at: loop.exactNow + .seconds(Self.tickSeconds))
    }

    private func watch() {
        loop.setDeadline(Key.patience, at: loop.now + plan.patience)
    }

    /// A load that does not move any more is ended, and what is missing is told.
    private func lookForProgress() {
        let steps = tally.steps + tally.sent
        if steps == stepsBefore {
            guard stage == .loading else {
                return fail(.unexpected("all clients", "nothing for \(plan.patience)"))
            }
            isStuck = true
            end()
        }
        stepsBefore = steps
        watch()
    }

    private func end() {
        publishers.forEach { $0.stop() }
        takeStock(isBegin: false)
        begin(.leaving)
    }

    /// Ends the load when every message is where it belongs and every handshake is over.
    private func endIfDone() {
        guard stage == .loading, tally.openOutbound == 0, tally.openInbound == 0,
            publishers.allSatisfy(\.isDone),
            plan.work == .fill || tally.delivered >= tally.expected
        else { return }
        takeStock(isBegin: false)
        begin(plan.work == .fill ? .leaving : .confirming)
    }
}

extension LoadService {
    func opened(_ connection: Int, from peer: Peer, tag: Int) {
        while places.count <= connection { places.append(-1) }
        places[connection] = tag
        links[tag].connection = connection
        greet(tag)
        loop.flush(connection)
    }

    func received(_ bytes: Span<UInt8>, on connection: Int) -> Int {
        let place = places[connection]
        do throws(LoadFailure) {
            let count: Int
            if place < subscribers.count {
                let subscriber = subscribers[place]
                count = try subscriber.received(bytes, at: nanosecondsNow()) {
                    (news) throws(LoadFailure) in try take(news, from: place)
                }
            } else {
                let publisher = publishers[place - subscribers.count]
                count = try publisher.received(bytes) {
                    (news) throws(LoadFailure) in try take(news, from: place)
                }
                if stage == .loading { publisher.pump(at: nanosecondsNow()) }
            }
            if links[place].hasOutput { loop.flush(connection) }
            return count
        } catch {
            fail(error)
            return bytes.count
        }
    }

    func closed(_ connection: Int, _ reason: CloseReason) {
        let link = links[places[connection]]
        let wasLeaving = link.state == .leaving
        link.state = .apart
        link.dropOutput()
        guard wasLeaving else {
            return fail(.connectionEnded(link.clientID, reason.text))
        }
        stepDone()
    }

    func dialFailed(tag: Int, _ error: SystemError) { fail(.unreachable(error)) }

    func deadlineReached(_ key: Int) {
        switch key {
        case Key.pace: break  // The end of the turn looks.
        case Key.end: publishers.forEach { $0.stop() }
        case Key.warm: warmedUp()
        case Key.tick: tick()
        default: lookForProgress()
        }
    }

    /// Asked to stop, it sends nothing more and still counts what is under way; asked twice, it ends.
    func signalled(_ signal: Signal) {
        guard stage == .loading, !publishers.allSatisfy(\.isDone) else { return loop.stop() }
        publishers.forEach { $0.stop() }
    }

    func woken(_ tag: Int) { preconditionFailure("a load has no wake-up") }

    func turnEnded() {
        guard stage == .loading else { return }
        if plan.rate != nil { keepPace() }
        endIfDone()
    }

    private func keepPace() {
        let now = nanosecondsNow()
        var next = Int64.max
        for publisher in publishers {
            guard let due = publisher.nextDueAt else { continue }
            if due <= now {
                publisher.pump(at: now)
                loop.flush(publisher.link.connection)
            }
            next = min(next, publisher.nextDueAt ?? .max)
        }
        let isDue = next < .max
        loop.setDeadline(Key.pace, at: isDue ? loop.exactNow + .nanoseconds(next - now) : nil)
    }

    func gather(_ connection: Int, into vectors: inout OutputVectors) {
        vectors.append(links[places[connection]].output)
    }

    func wrote(_ count: Int, on connection: Int) {
        let place = places[connection]
        links[place].wrote(count)
        guard plan.qos == .atMostOnce, stage == .loading, place >= subscribers.count else { return }
        publishers[place - subscribers.count].pump(at: nanosecondsNow())
        if links[place].hasOutput { loop.flush(connection) }
    }
}

extension CloseReason {
    fileprivate var text: String {
        switch self {
        case .peerClosed: "closed by the broker"
        case .failed(let error): error.reason
        case .requested: "closed by ourselves"
        }
    }
}
