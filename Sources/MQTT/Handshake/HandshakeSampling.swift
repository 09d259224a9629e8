// SPDX-License-Identifier: Apache-2.0
// Which handshakes a client's log shows: all of them up to a rate, whole ones above it. Half a
// handshake in a log would look like a fault.

/// Asked for each step, in order.
public struct HandshakeSampling {
    private struct Flow: Hashable {
        let id: PacketID
        let isInbound: Bool
    }

    /// What was left out of the log, for the line that tells it.
    public struct Share: Equatable {
        public var seen: Int
        public var shown: Int
        public var seconds: Int

        public var text: String {
            "\(seen / max(1, seconds)) handshakes/s, \(shown) of \(seen) shown"
        }
    }

    private static let shareSeconds: Int64 = 10

    private var shownFlows: Set<Flow> = []
    private var allowance = HandshakeAllowance()
    private var shareBegan: Int64?
    private var seen = 0
    private var shown = 0

    public init() {}

    public mutating func shows(_ step: HandshakeStep, at now: Instant) -> Bool {
        if step.packet == .publish { return begins(step, at: now) }
        guard let flow = flow(of: step) else { return false }
        let isLast = step.number == step.count || step.outcome.endsFlow
        return isLast ? shownFlows.remove(flow) != nil : shownFlows.contains(flow)
    }

    /// Every ten seconds, if not all was shown.
    public mutating func takeShare(at now: Instant) -> Share? {
        let second = now.nanoseconds / 1_000_000_000
        guard let began = shareBegan, second - began >= Self.shareSeconds else { return nil }
        let share = Share(seen: seen, shown: shown, seconds: Int(second - began))
        shareBegan = nil
        seen = 0
        shown = 0
        return share.shown < share.seen ? share : nil
    }

    private mutating func begins(_ step: HandshakeStep, at now: Instant) -> Bool {
        shareBegan = shareBegan ?? now.nanoseconds / 1_000_000_000
        seen += 1
        let flow = flow(of: step)
        guard allowance.take(at: now) else {
            // The identifier begins anew: what it was shown for before has ended unseen.
            if let flow { shownFlows.remove(flow) }
            return false
        }
        shown += 1
        if let flow { shownFlows.insert(flow) }
        return true
    }

    private func flow(of step: HandshakeStep) -> Flow? {
        let isForward = step.packet == .publish || step.packet == .pubrel
        return step.id.map {
            Flow(id: $0, isInbound: (step.direction == .received) == isForward)
        }
    }
}

extension HandshakeStep.Outcome {
    /// No further step follows.
    fileprivate var endsFlow: Bool {
        if case .refused = self { true } else { false }
    }
}
