// SPDX-License-Identifier: Apache-2.0
//
// How long, and with how many, each disturbance goes on beside a steady load.

struct PausesPlan {
    let seconds: Double
    /// Messages a second of the steady load.
    let rate: Int
    /// That reconnect.
    let connections: Int
    /// That expire.
    let sessions: Int
    /// To whom a flood fans out.
    let subscribers: Int
    /// Messages that a subscription brings.
    let retained: Int
}
