// SPDX-License-Identifier: Apache-2.0
//
// One direction of one session as a wire sees it, through all connections: whether the sender keeps
// the rules of QoS 2 also after it or its peer was killed. It knows only what has passed, so it
// accuses nobody of what may have been lost beside it.
import MQTT

/// What becomes of a packet identifier here:
///
///     PUBLISH ──PUBREC back──► receipt ──PUBREL──► released ──PUBCOMP back──► free
struct FlowWatch {
    private struct Open {
        var message: [UInt8]
        /// In the order of first sending.
        var order: Int
        /// The last connection that brought it.
        var connection: Int
        var hasReceipt = false
        var isReleased = false
    }

    private var open: [UInt16: Open] = [:]
    private var nextOrder = 0
    private var connection = 0
    /// Highest order that was sent again on this connection.
    private var lastRepeated = -1
    /// Sent on this connection, and not over.
    private var inFlight: Set<UInt16> = []
    /// PUBRECs that PUBLISHes of this connection still bring.
    private var receiptsDue: [UInt16: Int] = [:]
    /// PUBCOMPs that PUBRELs of this connection still bring.
    private var completionsDue: [UInt16: Int] = [:]
    /// What the receiver takes at once.
    var receiveMaximum = 65_535

    private(set) var breaches: [String] = []
    /// PUBLISH and PUBREL packets that came once more on a later connection.
    private(set) var repeats = 0

    mutating func connectionOpened() {
        connection += 1
        lastRepeated = -1
        inFlight = []
        receiptsDue = [:]
        completionsDue = [:]
        receiveMaximum = 65_535
    }

    /// Neither end knows of anything.
    mutating func sessionBegan() { open = [:] }

    private mutating func breach(_ what: String) { breaches.append(what) }

    mutating func published(_ id: UInt16, _ message: [UInt8], isDuplicate: Bool) {
        if let known = open[id] {
            repeated(id, known, message, isDuplicate)
        } else {
            // Sent for the first time that we see; a repeat may be of one that never came this far.
            if !isDuplicate, let owed = firstOwed {
                breach("PUBLISH \(id) goes before the repeat of \(owed)")
            }
            open[id] = Open(message: message, order: nextOrder, connection: connection)
            nextOrder += 1
        }
        receiptsDue[id, default: 0] += 1
        inFlight.insert(id)
        if inFlight.count > receiveMaximum {
            breach("PUBLISH \(id) is number \(inFlight.count) at once of \(receiveMaximum)")
        }
    }

    private mutating func repeated(
        _ id: UInt16, _ known: Open, _ message: [UInt8], _ isDuplicate: Bool
    ) {
        repeats += 1
        if known.message != message {
            breach("identifier \(id) was given to another message while it is open")
        } else if known.isReleased {
            breach("PUBLISH \(id) although its PUBREL was sent")
        } else if known.connection == connection {
            breach("PUBLISH \(id) twice on one connection")
        } else if !isDuplicate {
            breach("PUBLISH \(id) again without DUP")
        } else if known.order < lastRepeated {
            breach("PUBLISH \(id) again, but behind a later one")
        }
        lastRepeated = max(lastRepeated, known.order)
        open[id]?.message = message
        open[id]?.connection = connection
    }

    /// The first message of an earlier connection of which the sender cannot know that it arrived,
    /// and which it has not sent again on this one.
    private var firstOwed: UInt16? {
        open.filter { !$0.value.hasReceipt && $0.value.connection < connection }
            .min { $0.value.order < $1.value.order }?.key
    }

    mutating func released(_ id: UInt16) {
        if let known = open[id] {
            if known.isReleased { repeats += 1 }
            if !known.hasReceipt { breach("PUBREL \(id) before its PUBREC") }
        }
        open[id]?.isReleased = true
        open[id]?.connection = connection
        completionsDue[id, default: 0] += 1
    }

    /// PUBREC from the receiver. With an error the message is over.
    mutating func receiptCame(_ id: UInt16, isError: Bool) {
        guard Self.take(&receiptsDue, id) else { return breach("PUBREC \(id) answers nothing") }
        if isError {
            over(id)
        } else {
            open[id]?.hasReceipt = true
        }
    }

    /// PUBCOMP from the receiver.
    mutating func completionCame(_ id: UInt16) {
        guard Self.take(&completionsDue, id) else { return breach("PUBCOMP \(id) answers nothing") }
        over(id)
    }

    private mutating func over(_ id: UInt16) {
        open[id] = nil
        inFlight.remove(id)
    }

    private static func take(_ due: inout [UInt16: Int], _ id: UInt16) -> Bool {
        guard let count = due[id] else { return false }
        due[id] = count == 1 ? nil : count - 1
        return true
    }
}
