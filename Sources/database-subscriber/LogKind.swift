// SPDX-License-Identifier: Apache-2.0
//
// The kinds of lines that the subscriber writes beside those of every client (`ClientNote.kind`): each
// has an identifier of its own, under which the message catalog explains it (`journalctl -x`).

enum LogKind {
    static let started = "129c11e4-205e-4037-a685-ae3a28da7117"
    static let committed = "a69cb578-2468-4b19-ba10-d4338e51a04d"
    static let duplicate = "e628b508-cdb3-43d5-9af1-ca2aa46d58fb"
    static let gap = "e01f5103-0db7-4e2a-8b44-f7c428fbe1ef"
    static let late = "ddff34c8-7f72-45cf-9c05-a385c36244ca"
    static let rejected = "2717187c-aafe-4fd4-b336-ccd32842e355"
    static let fault = "f65e6003-374d-4e15-a47c-4560bda550a0"
    static let sessionForgotten = "15fd840f-ceb9-4e3a-8cae-07a05022605a"
    static let stopping = "4bad3672-eb78-4b60-884c-d80b8a32ef48"
    static let databaseFailed = "241e20eb-3ecf-4c50-9f36-faf778f90e5b"
    static let trouble = "1103ed1a-b3a0-4747-af41-2f9f4875d4a3"
    /// The same kind as the broker's.
    static let share = "8f841195-585b-4ca4-9e5a-4800db2f146f"
}
