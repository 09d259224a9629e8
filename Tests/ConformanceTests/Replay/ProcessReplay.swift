// SPDX-License-Identifier: Apache-2.0
// A recorded conversation, held once more with a broker process. The engine has answered before the
// next one speaks; here that has to be seen to: whoever has spoken asks for a PINGRESP before
// anybody else goes on, and behind a broken connection a bystander does.
import BrokerCore
import MQTT

@testable import Scenes

extension Recording {
    func replay(with broker: BrokerProcess) throws {
        var stage = TCPStage(broker)
        for (number, event) in events.enumerated() {
            do {
                try stage.play(event, number)
            } catch let failure as Socket.Failed {
                throw Silence(event: number, failure: failure, log: broker.logText)
            }
        }
    }

    /// The broker gave no answer.
    struct Silence: Error {
        let event: Int
        let failure: Socket.Failed
        let log: String
    }
}

private struct TCPStage {
    private let broker: BrokerProcess
    private var sockets: [ConnectionID: Socket] = [:]
    /// Those who have read a CONNACK.
    private var connected: Set<ConnectionID> = []
    /// Who has said whole packets since it last asked.
    private var speaker: ConnectionID?
    private var bystander: Socket?

    init(_ broker: BrokerProcess) {
        self.broker = broker
    }

    mutating func play(_ event: Recording.Event, _ number: Int) throws {
        switch event {
        case .opened(let id):
            try settle(number)
            sockets[id] = try broker.connect()
            connected.remove(id)
        case .sent(let bytes, let id, let isWhole):
            if speaker != id { try settle(number) }
            try sockets[id]?.write(bytes)
            speaker = isWhole ? id : nil
        case .read(let expected, let isClosed, let id):
            try read(expected, isClosed, on: id, number)
        case .lost(let id):
            try settle(number)
            sockets.removeValue(forKey: id)?.breakOff()
            try wait(number)
        case .passed, .befell:
            preconditionFailure("exempt")
        }
    }

    private mutating func read(
        _ expected: [UInt8], _ isClosed: Bool, on id: ConnectionID, _ number: Int
    ) throws {
        guard let socket = sockets[id] else { return }
        let found = isClosed ? try socket.readToEnd() : try socket.read(expected.count)
        guard found == expected else {
            throw Recording.Difference(
                event: number, expected: expected, found: found, isClosed: (isClosed, isClosed))
        }
        if found.first == 0x20 { connected.insert(id) }
        if isClosed {
            sockets[id] = nil
            if speaker == id { speaker = nil }
        }
    }

    /// What has been said is heard before anything else happens.
    private mutating func settle(_ number: Int) throws {
        guard let id = speaker, let socket = sockets[id], connected.contains(id) else { return }
        speaker = nil
        try ping(socket, number)
    }

    /// Two turns of the broker's loop: in the first of them it has seen what happened before.
    private mutating func wait(_ number: Int) throws {
        if bystander == nil {
            bystander = try broker.connect()
            let hello = ConnectEncoder(.v311, clientID: ClientID("bystander"), cleanStart: true)
            try bystander!.write(hello.encoded())
            _ = try bystander!.read(4)
        }
        for _ in 0..<2 { try ping(bystander!, number) }
    }

    private func ping(_ socket: Socket, _ number: Int) throws {
        try socket.write(Wire.ping())
        let answer = try socket.read(2)
        guard answer == [0xD0, 0] else {
            throw Recording.Difference(
                event: number, expected: [0xD0, 0], found: answer, isClosed: (false, false))
        }
    }
}
