// SPDX-License-Identifier: Apache-2.0
//
// How long messages of the steady load took beside each disturbance, as a table for people and in JSON
// for scripts.

struct PausesReport {
    /// Times in milliseconds.
    struct Row {
        let disturbance: Disturbance
        let p50: Double
        let p99: Double
        let longest: Double
        /// Of the broker's loop, as it tells itself.
        let turn: Double
    }

    var rows: [Row] = []

    var longestTurn: Double { rows.map(\.turn).max() ?? 0 }

    var lines: [String] {
        let head = [
            "| disturbance | p50 ms | p99 ms | max ms | longest turn of the loop ms |",
            "|---|---:|---:|---:|---:|",
        ]
        return head
            + rows.map { row in
                let cells = [row.p50, row.p99, row.longest, row.turn].map { Decimals.text($0, 2) }
                return "| \(row.disturbance.rawValue) | \(cells.joined(separator: " | ")) |"
            }
    }

    var json: String {
        var object = JSONObject()
        for row in rows {
            object.put("\(row.disturbance.rawValue)_p50_ms", row.p50)
            object.put("\(row.disturbance.rawValue)_p99_ms", row.p99)
            object.put("\(row.disturbance.rawValue)_max_ms", row.longest)
            object.put("\(row.disturbance.rawValue)_turn_ms", row.turn)
        }
        return object.text
    }
}
