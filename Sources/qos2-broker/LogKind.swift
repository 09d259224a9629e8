// SPDX-License-Identifier: Apache-2.0
// The kinds of lines that the broker writes: each has an identifier of its own, under which the
// message catalog explains it (`journalctl -x`).

enum LogKind {
    static let handshake = "9613a7ee-0856-42f9-8fff-3c997313a602"
    static let connected = "9378718c-58ad-4b12-b74a-062dff1ea36f"
    static let refused = "5b0a35fe-f3be-4ca9-bc5d-4064c36cf411"
    static let disconnected = "344f09f5-c54d-41c7-88cc-fa2cb784e220"
    static let sessionEnded = "9131bf40-2563-447e-9770-8e52eed3c819"
    static let subscribed = "105bb6d8-61ed-4997-b09d-db9616691da9"
    static let unsubscribed = "0b094ad5-3718-4c5b-8a77-3325dd7b923a"
    static let subscriptionRefused = "5c458416-70d6-4ced-9119-7ec35797e050"
    static let dropped = "07d76f87-27b2-46ef-a1b8-4cff8e0ba4be"
    static let congested = "584a2220-d809-4101-a31b-5a9198e31232"
    static let share = "8f841195-585b-4ca4-9e5a-4800db2f146f"
    static let listening = "12f808ce-92b5-4202-9b84-bfa6d1a9b9e1"
    static let notDurable = "77e075cb-180c-4de5-80bc-3c1386b584ef"
    static let recovered = "4efa1383-3efb-475d-bb95-a41cb22dbad6"
    static let damaged = "456f5d95-8716-4c4c-b630-ae40797a5637"
    static let checkpoint = "45de3ffa-e212-42be-ba15-fb471ec73f9a"
    static let storeFull = "0e2e6327-c3f9-4a7f-a5bd-580269aa39c0"
    static let configured = "4a1d4fa7-0e81-4da8-b0ca-e615bd6ce728"
    static let reloaded = "b0b8cd5d-d4df-46bd-b579-222efd8f013d"
    static let stopping = "3f26c9d2-8498-49a8-98bc-f203bcc3285d"
    static let trouble = "f0f4f129-4e6a-4cfa-b37b-637b3c213428"
}
