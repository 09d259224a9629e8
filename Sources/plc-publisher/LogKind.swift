// SPDX-License-Identifier: Apache-2.0
//
// The kinds of lines that the publisher writes beside those of every client (`ClientNote.kind`): each
// has an identifier of its own, under which the message catalog explains it (`journalctl -x`).

enum LogKind {
    static let started = "86cbd724-3453-4d1e-981c-d614613ff6f8"
    static let recovered = "c6815bb7-6e2c-4506-9312-52d5cbb00404"
    static let diskFull = "2a98dd84-3b19-4023-8218-2129cf16a611"
    static let recordingGoesOn = "15cf0693-c74d-4ead-9c21-ca1999c78926"
    static let sample = "94e30d15-8811-4ff3-a142-0f234994d625"
    static let samplingStopped = "8a0822d1-1bfd-47b7-b206-041f62c7a72d"
    static let samplingResumed = "44d3daa3-3eae-4c84-878b-e7f3d42b98c3"
    static let finished = "1fdf01c0-49b2-423d-bf9b-5616a0d01178"
    static let stopping = "5b8f6a86-113e-43d1-8394-88dce395bb2e"
    static let trouble = "32657d7c-0411-4d36-a54e-7df3d37e14e7"
    /// The same kinds as the broker's.
    static let damaged = "456f5d95-8716-4c4c-b630-ae40797a5637"
    static let checkpoint = "45de3ffa-e212-42be-ba15-fb471ec73f9a"
    static let share = "8f841195-585b-4ca4-9e5a-4800db2f146f"
}
