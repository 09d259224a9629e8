// SPDX-License-Identifier: Apache-2.0
//
// How long, and with how many, each disturbance goes on beside a steady load.

struct PausesPlan {
    var disturbances = Disturbance.allCases
    var seconds = 8.0
    /// Messages a second of the steady load.
    var rate = 1000
    /// That reconnect.
    var connections = 10_000
    /// That expire.
    var sessions = 100_000
    var binaries = ""
    var folder = ""
    /// This program: each load is a process of its own.
    var executable = ""
}
