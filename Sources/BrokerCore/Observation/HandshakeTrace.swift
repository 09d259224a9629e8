// SPDX-License-Identifier: Apache-2.0
// Watches handshakes for the log: which step of which flow passes when. A step is shown only when
// its packet may leave, so that "on disk" is true when it is read. Above a rate, whole flows are
// left out, never single steps.
import Journal
import MQTT

/// How much of the handshakes the log shows.
package enum HandshakeLogging: String, Sendable {
    /// Every packet up to a rate, whole flows sampled above it.
    case auto
    case always
    case never
}

/// The flows being watched, and their steps in order.
struct HandshakeTrace {
    /// One handshake on one hop.
    private struct FlowKey: Hashable {
        let session: SessionID
        let id: PacketID
        let isInbound: Bool
    }

    private struct Flow {
        let began: Instant
        var step: HandshakeStep
    }

    /// A step whose packet waits for its gate.
    private struct PendingStep {
        var step: HandshakeStep
        let gate: Gate
        let began: Instant
    }

    /// Flows whose peers never finish them are forgotten beyond this.
    private static let flowsMax = 4096

    var logging = HandshakeLogging.auto
    private var flows: [FlowKey: Flow] = [:]
    private var pending: [PendingStep] = []
    private var allowance = HandshakeAllowance()
    private(set) var seen = 0
    private(set) var shown = 0

    var isWatching: Bool { !flows.isEmpty }
    var hasPending: Bool { !pending.isEmpty }

    /// A flow begins: true if it is to be watched.
    @inline(__always)
    mutating func begins(at now: Instant) -> Bool {
        seen += 1
        switch logging {
        case .never: return false
        case .always: break
        case .auto:
            guard flows.count < Self.flowsMax, allowance.take(at: now) else { return false }
        }
        shown += 1
        return true
    }

    /// Whether a repeated PUBLISH belongs to a flow that is being watched: then it is shown with it.
    func isWatched(_ id: PacketID?, session: SessionID, isInbound: Bool) -> Bool {
        guard let id, isWatching else { return false }
        return flows[FlowKey(session: session, id: id, isInbound: isInbound)] != nil
    }

    /// The first step of a watched flow. A QoS 0 PUBLISH is a flow of one step.
    mutating func begin(
        _ step: HandshakeStep, session: SessionID, isInbound: Bool, behind gate: Gate,
        at now: Instant
    ) {
        pending.append(PendingStep(step: step, gate: gate, began: now))
        guard let id = step.id else { return }
        let key = FlowKey(session: session, id: id, isInbound: isInbound)
        flows[key] = Flow(began: now, step: step)
    }

    /// A later step; nothing happens if its flow is not watched. `isOnDisk`: its session outlives
    /// the process.
    mutating func step(
        _ direction: HandshakeStep.Direction, _ packet: PacketKind, _ id: PacketID,
        _ reason: ReasonCode, session: SessionID, isOnDisk: Bool, behind gate: Gate,
        at now: Instant
    ) {
        let isInbound = (direction == .received) == (packet == .pubrel)
        let key = FlowKey(session: session, id: id, isInbound: isInbound)
        guard let flow = flows[key] else { return }
        var step = flow.step
        step.direction = direction
        step.packet = packet
        step.outcome =
            reason.isFailure ? .refused(reason) : Self.outcome(of: packet, direction, isOnDisk)
        pending.append(PendingStep(step: step, gate: gate, began: flow.began))
        if packet == .pubcomp || packet == .puback || reason.isFailure { flows[key] = nil }
    }

    /// Durations are filled in when the step has really happened.
    private static func outcome(
        of packet: PacketKind, _ direction: HandshakeStep.Direction, _ isOnDisk: Bool
    ) -> HandshakeStep.Outcome {
        switch (packet, direction) {
        case (.pubrec, .sent), (.puback, .sent): isOnDisk ? .onDisk(.zero) : .taken(.zero)
        case (.pubrec, .received): .committed(.zero)
        case (.pubcomp, .sent): .done(.zero)
        case (.pubcomp, .received), (.puback, .received): .delivered(.zero)
        default: .none
        }
    }

    /// Hands over the steps whose packets may have left, in order.
    mutating func take(durable: Gate, at now: () -> Instant) -> [HandshakeStep] {
        guard let first = pending.first, first.gate <= durable else { return [] }
        let now = now()
        let end = pending.firstIndex { $0.gate > durable } ?? pending.count
        let steps = pending[..<end].map { pending in
            var step = pending.step
            step.outcome = step.outcome.lasting(now - pending.began)
            return step
        }
        pending.removeFirst(end)
        return steps
    }

    /// The session is gone: nobody finishes its flows.
    mutating func forget(_ session: SessionID) {
        guard !flows.isEmpty else { return }
        flows = flows.filter { $0.key.session != session }
    }

    /// How many flows there were and how many were shown since the last call.
    mutating func takeShare() -> (seen: Int, shown: Int) {
        defer {
            seen = 0
            shown = 0
        }
        return (seen, shown)
    }
}

extension HandshakeStep.Outcome {
    fileprivate func lasting(_ time: Duration) -> HandshakeStep.Outcome {
        switch self {
        case .onDisk: .onDisk(time)
        case .taken: .taken(time)
        case .committed: .committed(time)
        case .done: .done(time)
        case .delivered: .delivered(time)
        case .none, .repeated, .refused, .unknown: self
        }
    }
}
