// SPDX-License-Identifier: Apache-2.0
//
// Reads along on the wire: finds the packets in what passes, and tells the flows of each session what
// its two ends have said. What a session must be on the next connection is kept here.
import MQTT

final class ProtocolWatch {
    /// What is known of a client, whatever its connection.
    private final class Session {
        /// The client has been told that it has one.
        var isEstablished = false
        var toClient = FlowWatch()
        var toBroker = FlowWatch()
    }

    /// One connection's two directions, each with the packet that has not passed whole.
    private final class Connection {
        var version = ProtocolVersion.v5
        var clientID = ""
        var session: Session?
        var clientReceiveMaximum = 65_535
        var fromClient: [UInt8] = []
        var fromBroker: [UInt8] = []
    }

    private var sessions: [String: Session] = [:]
    private var connections: [Int: Connection] = [:]
    private var sessionBreaches: [String] = []

    var breaches: [String] {
        sessions.keys.sorted().reduce(sessionBreaches) { all, client in
            let session = sessions[client]!
            return all
                + session.toClient.breaches.map { "to \(client): \($0)" }
                + session.toBroker.breaches.map { "from \(client): \($0)" }
        }
    }

    /// How often something owed was sent again.
    var repeats: Int {
        sessions.values.reduce(0) { $0 + $1.toClient.repeats + $1.toBroker.repeats }
    }

    /// These bytes have passed. `connection` is any number that names it.
    func passed(_ bytes: Span<UInt8>, on connection: Int, isFromBroker: Bool) {
        let state = connections[connection] ?? Connection()
        connections[connection] = state
        bytes.withUnsafeBufferPointer {
            if isFromBroker {
                state.fromBroker += $0
            } else {
                state.fromClient += $0
            }
        }
        do throws(DecodeError) {
            let held = isFromBroker ? state.fromBroker : state.fromClient
            let used = try read(held.span, state, isFromBroker)
            if isFromBroker {
                state.fromBroker.removeFirst(used)
            } else {
                state.fromClient.removeFirst(used)
            }
        } catch {
            sessionBreaches.append("\(state.clientID): \(error)")
        }
    }

    func closed(_ connection: Int) { connections[connection] = nil }

    private func read(
        _ bytes: Span<UInt8>, _ state: Connection, _ isFromBroker: Bool
    ) throws(DecodeError) -> Int {
        var start = 0
        while let header = try FixedHeader.read(bytes, at: start), header.end <= bytes.count {
            switch header.kind {
            case .connect: try greeted(ConnectPacket(bytes, header), bytes, state)
            case .connack: try answered(ConnackPacket(bytes, header, state.version), state)
            case .publish: try published(header, bytes, state, isFromBroker)
            case .pubrec, .pubrel, .pubcomp:
                let role: Role = isFromBroker ? .server : .client
                let packet = try AcknowledgementPacket(bytes, header, state.version, from: role)
                acknowledged(packet, state, isFromBroker)
            default: break
            }
            start = header.end
        }
        return start
    }

    private func greeted(_ packet: ConnectPacket, _ bytes: Span<UInt8>, _ state: Connection) {
        state.version = packet.version
        state.clientID = "\(ClientID(bytes, packet.clientID))"
        state.clientReceiveMaximum = Int(packet.receiveMaximum)
        if sessions[state.clientID] == nil || packet.cleanStart {
            let old = sessions[state.clientID]
            sessions[state.clientID] = old ?? Session()
            old?.isEstablished = false
        }
        state.session = sessions[state.clientID]
    }

    private func answered(_ packet: ConnackPacket, _ state: Connection) {
        guard packet.reason == .success, let session = state.session else { return }
        session.toClient.connectionOpened()
        session.toBroker.connectionOpened()
        session.toClient.receiveMaximum = state.clientReceiveMaximum
        session.toBroker.receiveMaximum = Int(packet.receiveMaximum)
        if !packet.sessionPresent {
            if session.isEstablished {
                sessionBreaches.append("\(state.clientID): CONNACK without the session that it has")
            }
            session.toClient.sessionBegan()
            session.toBroker.sessionBegan()
        }
        session.isEstablished = true
    }

    private func published(
        _ header: FixedHeader, _ bytes: Span<UInt8>, _ state: Connection, _ isFromBroker: Bool
    ) throws(DecodeError) {
        let role: Role = isFromBroker ? .server : .client
        let packet = try PublishPacket(bytes, header, state.version, from: role)
        guard packet.qos == .exactlyOnce, let id = packet.id?.rawValue else { return }
        let message = bytes.extracting(packet.payload).withUnsafeBufferPointer { Array($0) }
        if isFromBroker {
            state.session?.toClient.published(id, message, isDuplicate: packet.duplicate)
        } else {
            state.session?.toBroker.published(id, message, isDuplicate: packet.duplicate)
        }
    }

    private func acknowledged(
        _ packet: AcknowledgementPacket, _ state: Connection, _ isFromBroker: Bool
    ) {
        let id = packet.id.rawValue
        guard let session = state.session else { return }
        // PUBREL goes with the message, its answers come against it.
        let isToClient = isFromBroker == (packet.kind == .pubrel)
        var flow = isToClient ? session.toClient : session.toBroker
        switch packet.kind {
        case .pubrel: flow.released(id)
        case .pubrec: flow.receiptCame(id, isError: packet.reason.rawValue >= 0x80)
        default: flow.completionCame(id)
        }
        if isToClient {
            session.toClient = flow
        } else {
            session.toBroker = flow
        }
    }
}
