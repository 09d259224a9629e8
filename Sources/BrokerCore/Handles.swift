// SPDX-License-Identifier: Apache-2.0
// The names by which the broker's tables know things: numbers of places, never references.
// A journal speaks in them too: recovery puts every session and message back in its place.

/// A client's durable life.
package struct SessionID: Hashable, Sendable {
    package let place: UInt32

    package init(place: UInt32) {
        self.place = place
    }

    var index: Int { Int(place) }
}

/// One socket's life, numbered by the reactor.
package struct ConnectionID: Hashable, Sendable {
    package let place: UInt32

    package init(place: UInt32) {
        self.place = place
    }

    package var index: Int { Int(place) }
}

/// What a publisher said, in the message store.
package struct MessageID: Hashable, Sendable {
    package let place: UInt32

    package init(place: UInt32) {
        self.place = place
    }

    var index: Int { Int(place) }
}
