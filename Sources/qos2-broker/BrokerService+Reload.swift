// SPDX-License-Identifier: Apache-2.0
// The configuration in force, and how another takes its place while clients are connected.
import BrokerCore
import Reactor

extension BrokerService {
    /// On any error the old configuration stays as it is. The service manager knows no failed
    /// reload: it is told that the broker is ready, and the status line tells the rest.
    func reloadConfiguration() {
        Readiness.reloading()
        do throws(SystemError) {
            try log.reopenFiles()
        } catch {
            journalist.trouble(error)
        }
        let errors = takeConfiguration()
        reloadHasFailed = !errors.isEmpty
        if reloadHasFailed { journalist.reloadFailed(errors) }
        Readiness.ready(status: statusText)
    }

    /// The errors, or none if the new configuration is in force.
    private func takeConfiguration() -> [String] {
        do throws(ConfigurationErrors) {
            let (new, notices) = try reload()
            do throws(SystemError) {
                try redirectLog(new.log)
            } catch {
                return [error.description]
            }
            let later = changesOfNextStart(new)
            apply(new)
            for notice in notices { journalist.notice(notice) }
            journalist.reloaded(later: later)
            if new.admitsNobody { journalist.admitsNobody() }
            return []
        } catch {
            return error.all.map(\.description)
        }
    }

    private func redirectLog(_ new: LogSettings) throws(SystemError) {
        guard new != configuration.log else { return }
        log.redirect(
            to: try new.openDestinations(old: log.files), time: new.timeStamp)
    }

    func apply(_ new: Configuration) {
        for tag in listeners.indices {
            let same = new.listeners.first { $0.isAt(listeners[tag]) }
            guard let same else { continue }
            listeners[tag] = same
            loop.setConnectionsMax(same.connectionsMax, tag: tag)
        }
        configuration = new
        engine.use(new.limits, at: now)
        carryOut()
        log.priorities = new.log.types.priorities
        let hasTopic = new.log.destinations.contains(.topic)
        log.listener = hasTopic ? { [unowned self] in linesForTopics.append($0) } : nil
        journalist.settings = new.log
        engine.handshakeLogging = log.shows(.information) ? new.log.handshakes : .never
        loop.connectionsMax = new.connectionsMax
        loop.tcpNoDelay = new.tcpNoDelay
    }

    /// Sockets are opened once, and so is the store.
    private func changesOfNextStart(_ new: Configuration) -> [String] {
        var changes: [String] = []
        let isElsewhere =
            new.listeners.count != listeners.count
            || !new.listeners.allSatisfy { listener in listeners.contains { $0.isAt(listener) } }
        if isElsewhere { changes.append("listeners") }
        let old = configuration
        if new.journalFolder != old.journalFolder { changes.append("persistence") }
        if new.bodyMemoryMax != old.bodyMemoryMax { changes.append("queue_memory") }
        return changes
    }
}

extension Configuration.Listener {
    fileprivate func isAt(_ other: Configuration.Listener) -> Bool {
        address == other.address && scope == other.scope
    }

    /// What its clients find.
    var terms: Terms {
        var terms = Terms()
        terms.allowsAnonymous = welcome.allowsAnonymous ?? terms.allowsAnonymous
        terms.allowsEmptyClientID = welcome.allowsEmptyClientID ?? terms.allowsEmptyClientID
        terms.assignedClientIDPrefix =
            welcome.assignedClientIDPrefix ?? terms.assignedClientIDPrefix
        terms.versions = versions
        terms.qosMax = qosMax
        terms.topicAliasMax = topicAliasMax
        terms.outgoingTopicAliasMax = outgoingTopicAliasMax
        return terms
    }
}
