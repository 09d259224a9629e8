// SPDX-License-Identifier: Apache-2.0
// The end of the last process was the end of every connection: what that means for the sessions is
// decided here, with new facts.
import MQTT

extension Broker {
    mutating func recovered(at now: Instant, into effects: inout some Effects & ~Copyable) {
        for place in 0..<state.sessions.bound where state.sessions.contains(place) {
            let id = SessionID(place: UInt32(place))
            if state[id].closedAt == nil { lost(id, at: now, into: &effects) }
            if state.contains(id) { armSession(id, into: &effects) }
        }
        armRetained(into: &effects)
        armSys(at: now, into: &effects)
    }

    /// The session was connected when the process ended.
    private mutating func lost(
        _ id: SessionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        guard state[id].expiry.outlivesConnection else {
            endSession(id, expired: false, at: now, into: &effects)
            return
        }
        if state[id].will?.delay == 0 { publishWill(of: id, at: now, into: &effects) }
        record(.closed(id, at: now), into: &effects)
    }
}
