// SPDX-License-Identifier: Apache-2.0
// Whether a fact fits the state that replay has reached. A journal of this broker always does; one
// that does not is refused with the place of the record, where applying it would trap.
import MQTT

extension Replay {
    /// True if `fact` can be applied. What a `released` record is about was looked up when it was
    /// read.
    @_transparent
    func fits(_ fact: Fact, _ details: borrowing Details) -> Bool {
        switch fact {
        case .accepted(let message, let id, let packet):
            state.contains(id) && state.messages.contains(message)
                && state[id].inbound.arrival(of: packet) == .first
        case .released(_, _, let receivers): fit(receivers, details)
        case .routed(let message, _, let receivers):
            state.messages.contains(message) && fit(receivers, details)
        case .sent(let id, let packet):
            state.contains(id) && state[id].waiting.first?.qos ?? .atMostOnce > .atMostOnce
                && state[id].outbound[packet] == nil
        case .acknowledged(let id, let packet):
            state.contains(id) && state[id].outbound[packet]?.flow == .published2
        case .completed(let id, let packet):
            state.contains(id) && state[id].outbound[packet] != nil
        case .opened, .resumed, .closed, .expiryChanged, .ended, .subscribed, .unsubscribed,
            .stored, .dropped, .retainedExpired, .sentOnce, .willForgotten:
            fitsRarely(fact, details)
        }
    }

    @inline(never)
    private func fitsRarely(_ fact: Fact, _ details: borrowing Details) -> Bool {
        switch fact {
        case .opened(let id, let detail):
            let opening = details.openings[Int(detail)]
            // A session that begins as one of its connection is in no journal.
            return id.place < placesMax && !state.contains(id)
                && state.session(of: opening.client) == nil && has(opening.will)
                && opening.expiry.outlivesConnection
        case .resumed(let id, let detail):
            let opening = details.openings[Int(detail)]
            // The will of before is over: it cannot be the new one too.
            return state.contains(id) && state[id].client == opening.client && has(opening.will)
                && (opening.will == nil || opening.will != state[id].will?.message)
        case .closed(let id, _), .expiryChanged(let id, _), .ended(let id), .subscribed(let id, _),
            .unsubscribed(let id, _), .willForgotten(let id):
            return state.contains(id)
        case .stored: return true
        case .retainedExpired(let message):
            return state.messages.contains(message) && state.isRetained(message)
        case .dropped(let id, _), .sentOnce(let id):
            return state.contains(id) && !state[id].waiting.isEmpty
        case .accepted, .released, .routed, .sent, .acknowledged, .completed:
            preconditionFailure("a frequent fact among the rare ones")
        }
    }

    private func has(_ will: MessageID?) -> Bool {
        guard let will else { return true }
        return state.messages.contains(will)
    }

    /// Each receiver exists, and each identifier is free and given once.
    private func fit(_ receivers: Details.Receivers, _ details: borrowing Details) -> Bool {
        for at in receivers.range {
            let receiver = details.receivers[at]
            guard state.contains(receiver.session) else { return false }
            guard let id = receiver.id else { continue }
            guard receiver.delivery.qos != .atMostOnce,
                state[receiver.session].outbound[id] == nil
            else { return false }
        }
        return receivers.count <= 1 || areApart(receivers, details)
    }

    private func areApart(
        _ receivers: Details.Receivers, _ details: borrowing Details
    ) -> Bool {
        var given: Set<UInt64> = []
        return receivers.range.allSatisfy { at in
            guard let id = details.receivers[at].id else { return true }
            let session = UInt64(details.receivers[at].session.place)
            return given.insert(session << 16 | UInt64(id.rawValue)).inserted
        }
    }
}
