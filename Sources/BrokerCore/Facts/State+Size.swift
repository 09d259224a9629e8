// SPDX-License-Identifier: Apache-2.0
// How large the whole durable state is, and whether it may be written down while others wait. Strangers
// decide how long names and filters are and how many there were at one time, so for that all is counted
// that `write` would walk, sort or copy, and the counting ends as soon as it is too much.
import MQTT

extension State {
    /// Bytes of the records that `write` would append, about: for each body one that holds it and one that
    /// says whom it waits for. All else is small, or no reason to put a checkpoint off.
    var writtenSize: Int {
        messages.journalledBytes + messages.journalledCount * (Self.storedSize + Self.routedSize)
    }

    /// Of a record without its body, and with one receiver.
    private static var storedSize: Int { 44 }
    private static var routedSize: Int { 32 }

    /// To write it takes three milliseconds, or not much more.
    var isSmall: Bool {
        let deliveries = inFlightCount + waitingCount
        guard messages.bytes < 1 << 20, messages.count + deliveries < 8192,
            sessions.count + subscriptions.count + retained.count < 4096,
            sessions.bound <= 1 << 16
        else { return false }
        // Each delivery is written with its identifiers, and with the text of its share.
        let extra = 4 * identifierLists.longest + subscriptions.shared.longestFilter
        return deliveries * extra < 1 << 20 && sessionsAreSmall
    }

    /// The texts, and the tables that have to be walked for what is open in them.
    private var sessionsAreSmall: Bool {
        var (textBytes, slots) = (0, 0)
        for place in 0..<sessions.bound
        where sessions.contains(place) && sessions[place].isJournalled {
            textBytes += sessions[place].client.bytes.count
            slots += sessions[place].inbound.capacity + sessions[place].outbound.capacity
            let id = SessionID(place: UInt32(place))
            let isSmall = subscriptions.forEachFilter(sessions[place].subscriptions, of: id) {
                textBytes += $0
                return textBytes < 1 << 17
            }
            guard isSmall, textBytes < 1 << 17, slots < 1 << 17 else { return false }
        }
        return true
    }
}
