// SPDX-License-Identifier: Apache-2.0
// The subscriber's database, as far as MQTT is concerned: rows and receive record change together at
// a commit, and what was not committed is gone with the process. Unlike the real one it keeps a row
// for every insert, so that a double shows.

final class SubscriberDatabase {
    struct Row {
        let label: Int
        let qos: UInt8
    }

    private struct Content {
        /// Received and not released.
        var inbound: Set<UInt16> = []
        /// Rows of the open transaction.
        var added: [Row] = []
    }

    private var committed = Content()
    private var open = Content()
    private(set) var hasOpenTransaction = false
    /// Planted: the identifier is not in the transaction of the row.
    var forgetsIdentifiers = false

    /// Received and not released, as the next process reads it.
    var storedIdentifiers: [UInt16] { committed.inbound.sorted() }

    func holds(_ id: UInt16) -> Bool { committed.inbound.contains(id) }

    /// A PUBLISH. The identifier is nil for QoS 0 and 1.
    func receive(_ row: Row, _ id: UInt16?) {
        hasOpenTransaction = true
        if let id, !open.inbound.insert(id).inserted { return }
        open.added.append(row)
    }

    func release(_ id: UInt16) {
        hasOpenTransaction = true
        open.inbound.remove(id)
    }

    func forgetSession() {
        hasOpenTransaction = true
        open.inbound = []
    }

    /// Returns the rows that are there for good from now on.
    func commit() -> [Row] {
        defer { open.added = [] }
        hasOpenTransaction = false
        committed.inbound = open.inbound
        return open.added
    }

    /// The process is gone.
    func rollBack() {
        if forgetsIdentifiers { committed.inbound = [] }
        open = Content(inbound: committed.inbound)
        hasOpenTransaction = false
    }
}
