// SPDX-License-Identifier: Apache-2.0
// `log_dest topic`: lines of the log as messages of `$SYS/broker/log/…`, as mosquitto sends them.
import BrokerCore
import Reactor

extension BrokerService {
    /// What the messages bring about may write lines again; those wait for the next turn.
    func tellLinesForTopics() {
        let lines = linesForTopics
        linesForTopics.removeAll()
        for line in lines {
            guard let topic = line.topic else { continue }
            engine.tellSubscribers(topic, line.message, at: now)
        }
        carryOut()
    }
}

extension LogLine {
    /// Nil for what is told on no topic.
    fileprivate var topic: String? {
        switch kind {
        case LogKind.subscribed: return "$SYS/broker/log/M/subscribe"
        case LogKind.unsubscribed: return "$SYS/broker/log/M/unsubscribe"
        default: break
        }
        return switch priority {
        case .emergency, .alert, .critical, .error: "$SYS/broker/log/E"
        case .warning: "$SYS/broker/log/W"
        case .notice: "$SYS/broker/log/N"
        case .information: "$SYS/broker/log/I"
        case .debug: nil
        }
    }
}
