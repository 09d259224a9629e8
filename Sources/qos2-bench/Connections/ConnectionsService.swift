// SPDX-License-Identifier: Apache-2.0
//
// Opens connections, holds them or lets them come and go, and takes stock of the broker before,
// while and after.
import MQTT
import Reactor

final class ConnectionsService: Service {
    private enum Key {
        static let end = 0
        static let patience = 1
    }

    private static let patience = Duration.seconds(10)

    private let plan: ConnectionsPlan
    private let loop: EventLoop
    private let brokerPid: Int32?
    private let links: [Link]
    private var dialledAt: [Int64]
    /// Places in `links` by connection.
    private var places: [Int] = []
    /// Places that were not dialled yet.
    private var next = 0
    private var open = 0
    private var steps = 0
    private var stepsBefore = -1
    private var isLeaving = false

    private(set) var failure: LoadFailure?
    private(set) var cycles = 0
    /// From dialling to CONNACK, or to the end of a cycle.
    let latencies = Histogram()
    private(set) var before: ProcessUse?
    /// When all were open, or when the time was over.
    private(set) var after: ProcessUse?
    private var beganAt: Int64 = 0
    private var endedAt: Int64 = 0

    var nanoseconds: Int64 { endedAt - beganAt }

    init(_ plan: ConnectionsPlan, _ loop: EventLoop, brokerPid: Int32?) {
        self.plan = plan
        self.loop = loop
        self.brokerPid = brokerPid
        links = (0..<plan.connections).map {
            Link(clientID: plan.clientID($0), version: plan.version, capacity: 256)
        }
        dialledAt = Array(repeating: 0, count: plan.connections)
    }

    /// Returns when all is over, well or not.
    func run() {
        loop.service = self
        before = brokerPid.flatMap(ProcessUse.init(of:))
        beganAt = nanosecondsNow()
        if case .churn(let time) = plan.work { loop.setDeadline(Key.end, at: loop.now + time) }
        watch()
        for _ in 0..<min(plan.connections, ConnectionsPlan.dialsMax) { dialNext() }
        loop.run()
        loop.service = nil
    }

    private func dialNext() {
        guard next < links.count else { return }
        dial(next)
        next += 1
    }

    private func dial(_ place: Int) {
        dialledAt[place] = nanosecondsNow()
        links[place].state = .dialling
        loop.dial(host: plan.host, port: plan.port, tag: place)
    }

    private func fail(_ failure: LoadFailure) {
        guard self.failure == nil else { return }
        self.failure = failure
        loop.stop()
    }

    private func watch() {
        loop.setDeadline(Key.patience, at: loop.now + Self.patience)
    }

    private func takeStock() {
        endedAt = nanosecondsNow()
        after = brokerPid.flatMap(ProcessUse.init(of:))
    }
}

extension ConnectionsService {
    func opened(_ connection: Int, from peer: Peer, tag: Int) {
        while places.count <= connection { places.append(-1) }
        places[connection] = tag
        links[tag].connection = connection
        links[tag].connect(cleanStart: true, expiry: 0)
        loop.flush(connection)
    }

    func received(_ bytes: Span<UInt8>, on connection: Int) -> Int {
        let place = places[connection]
        let link = links[place]
        var start = 0
        do throws(LoadFailure) {
            while let header = try link.next(bytes, at: start) {
                let news = try link.take(header, in: bytes)
                start = header.end
                if news == .connected, plan.subscribes {
                    let options = SubscriptionOptions(maximumQoS: .exactlyOnce)
                    link.send(
                        SubscribeEncoder(plan.version, 1, [.init(plan.topic(place), options)]))
                    loop.flush(connection)
                } else {
                    isReady(place)
                }
            }
            return start
        } catch {
            fail(error)
            return bytes.count
        }
    }

    private func isReady(_ place: Int) {
        steps += 1
        latencies.record(nanosecondsNow() - dialledAt[place])
        switch plan.work {
        case .churn: leave(place)
        case .idle(let hold):
            open += 1
            dialNext()
            if open == links.count { loop.setDeadline(Key.end, at: loop.now + hold) }
        }
    }

    private func leave(_ place: Int) {
        links[place].send(DisconnectEncoder(plan.version))
        links[place].state = .leaving
        loop.finish(links[place].connection)
    }

    func closed(_ connection: Int, _ reason: CloseReason) {
        let place = places[connection]
        let link = links[place]
        let wasLeaving = link.state == .leaving
        link.state = .apart
        link.dropOutput()
        guard wasLeaving else {
            return fail(.connectionEnded(link.clientID, "\(reason)"))
        }
        steps += 1
        if case .churn = plan.work, !isLeaving {
            cycles += 1
            return dial(place)
        }
        open -= 1
        if open <= 0 { loop.stop() }
    }

    func dialFailed(tag: Int, _ error: SystemError) { fail(.unreachable(error)) }

    func deadlineReached(_ key: Int) {
        guard key == Key.end else { return lookForProgress() }
        takeStock()
        isLeaving = true
        guard case .idle = plan.work else { return loop.stop() }
        for place in links.indices { leave(place) }
    }

    private func lookForProgress() {
        let isHolding = open == links.count && !isLeaving
        if steps == stepsBefore, !isHolding {
            return fail(.unexpected("all clients", "nothing for \(Self.patience)"))
        }
        stepsBefore = steps
        watch()
    }

    func signalled(_ signal: Signal) { loop.stop() }

    func woken(_ tag: Int) { preconditionFailure("connections have no wake-up") }

    func turnEnded() {}

    func gather(_ connection: Int, into vectors: inout OutputVectors) {
        vectors.append(links[places[connection]].output)
    }

    func wrote(_ count: Int, on connection: Int) { links[places[connection]].wrote(count) }
}
