// SPDX-License-Identifier: Apache-2.0
// A process of the subscriber: a client engine with the node's database as its application. What
// arrives goes into the open transaction, and is answered when that is committed.
import ClientCore
import Journal
import MQTT

final class SubscriberProcess: ClientProcess {
    private enum Answer {
        case stored(Receipt)
        case forgotten(Receipt)
    }

    /// In the open transaction.
    private var waiting: [Answer] = []

    override func start() {
        let subscriber = world.plan.subscriber(of: node.index)
        let wish = world.scenario.subscribers[subscriber]
        var options = Self.options(node)
        options.receiveMaximum = wish.receiveMaximum
        options.subscriptions = [
            SubscribeEncoder.Request(
                world.scenario.subscription(of: subscriber),
                SubscriptionOptions(maximumQoS: wish.qos))
        ]
        engine = ClientEngine(
            ClientSession(
                options,
                storedIdentifiers: node.database.storedIdentifiers.map { PacketID($0) },
                knowsSession: true),
            home: MemoryHome(), seed: world.random.next())
        super.start()
    }

    override func turnEnded() {
        if node.database.hasOpenTransaction {
            if world.random.chance(oneIn: 4) {
                world.turnSoon(node)
            } else {
                commit()
            }
        }
        super.turnEnded()
    }

    private func commit() {
        guard node.takeEffect() else { return }
        for row in node.database.commit() {
            world.see(.stored(subscriber: node.index, label: row.label, qos: row.qos))
        }
        for answer in waiting {
            switch answer {
            case .stored(let receipt): engine.stored(receipt, at: world.now)
            case .forgotten(let receipt): engine.forgotten(receipt, at: world.now)
            }
        }
        waiting.removeAll(keepingCapacity: true)
    }

    override func told(_ note: ClientNote) {
        switch note {
        case .subscribed: world.plan.subscribed(node.index)
        case .sessionLost: world.see(.gaveUp(publisher: node.index, "\(note)"))
        case .violated(let what): world.see(.objected(node: node.index, what))
        default: break
        }
    }

    override func arrived(_ message: IncomingMessage, in bytes: Span<UInt8>) -> Reception {
        let label = MessageText.label(bytes.extracting(message.payload))
        node.database.receive(
            SubscriberDatabase.Row(label: label, qos: message.qos.rawValue),
            message.qos == .exactlyOnce ? message.receipt?.id.rawValue : nil)
        if let receipt = message.receipt { waiting.append(.stored(receipt)) }
        return .willBeStored(label: nil)
    }

    override func released(_ receipt: Receipt) {
        node.database.release(receipt.id.rawValue)
        waiting.append(.forgotten(receipt))
    }

    override func sessionLost() { node.database.forgetSession() }
}

extension SubscriberProcess: Finishing {
    var isIdle: Bool { engine.isConnected && engine.session.isIdle && waiting.isEmpty }
}
