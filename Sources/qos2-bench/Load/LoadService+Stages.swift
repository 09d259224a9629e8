// SPDX-License-Identifier: Apache-2.0
//
// The stages of a load, one after the other: who takes part, what it does first, and what follows.
import MQTT
import Reactor

extension LoadService {
    func begin(_ stage: Stage) {
        self.stage = stage
        switch stage {
        case .subscribing:
            if plan.work == .drain { takeStock(isBegin: true) }
            dial(0..<subscribers.count)
        case .departing: leave(0..<subscribers.count)
        case .connecting: dial(subscribers.count..<links.count)
        case .loading: beginLoad()
        case .confirming: confirm()
        case .leaving: leave(0..<links.count)
        case .cleaning:
            // What 'fill' has left for the subscribers stays for 'drain'.
            dial((plan.work == .fill ? subscribers.count : 0)..<links.count)
        case .over: loop.stop()
        }
        if stage != .loading, stage != .over, pending == 0 { begin(next) }
    }

    /// One client has done its step.
    func stepDone() {
        pending -= 1
        tally.steps += 1
        if pending == 0, stage != .loading { begin(next) }
    }

    private var next: Stage {
        switch stage {
        case .subscribing: plan.work == .fill ? .departing : .connecting
        case .departing: .connecting
        case .connecting: .loading
        case .loading: .confirming
        case .confirming: .leaving
        case .leaving: plan.isPersistent ? .cleaning : .over
        case .cleaning, .over: .over
        }
    }

    private func dial(_ range: Range<Int>) {
        pending = range.count
        for place in range {
            links[place].state = .dialling
            loop.dial(host: plan.host, port: plan.port, tag: place)
        }
    }

    /// A connection stands: CONNECT.
    func greet(_ place: Int) {
        let link = links[place]
        if stage == .cleaning { return link.connect(cleanStart: true, expiry: 0) }
        let isSubscriber = place < subscribers.count
        link.connect(
            cleanStart: !plan.isPersistent, expiry: plan.isPersistent ? Link.lastingExpiry : 0,
            receiveMaximum: isSubscriber && plan.version == .v5 ? plan.window : nil)
    }

    func take(_ news: LinkNews, from place: Int) throws(LoadFailure) {
        let link = links[place]
        switch news {
        case .connected:
            if stage == .cleaning { return leave(link) }
            if place >= subscribers.count {
                publishers[place - subscribers.count].connected()
                return stepDone()
            }
            guard link.isSessionPresent == (plan.work == .drain) else {
                throw plan.work == .drain
                    ? .sessionMissing(link.clientID) : .sessionLeft(link.clientID)
            }
            if plan.work == .drain { return stepDone() }
            subscribers[place].subscribe()
        case .subscribed, .answered: stepDone()
        }
    }

    private func beginLoad() {
        if plan.work != .drain { takeStock(isBegin: true) }
        if case .time(let duration) = plan.end {
            loop.setDeadline(Key.end, at: loop.exactNow + plan.warmUp + duration)
        }
        if plan.warmUp > .zero {
            loop.setDeadline(Key.warm, at: loop.exactNow + plan.warmUp)
        }
        loop.setDeadline(Key.tick, at: loop.exactNow + .seconds(Self.tickSeconds))
        for publisher in publishers {
            publisher.begin(at: startedAt)
            publisher.pump(at: startedAt)
            loop.flush(publisher.link.connection)
        }
    }

    private func confirm() {
        pending = subscribers.count
        for subscriber in subscribers {
            subscriber.link.ping()
            loop.flush(subscriber.link.connection)
        }
    }

    private func leave(_ range: Range<Int>) {
        let present = range.filter { links[$0].state == .open }
        pending = present.count
        for place in present { leave(links[place]) }
    }

    private func leave(_ link: Link) {
        link.send(DisconnectEncoder(plan.version))
        link.state = .leaving
        loop.finish(link.connection)
    }
}
