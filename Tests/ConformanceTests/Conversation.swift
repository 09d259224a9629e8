// SPDX-License-Identifier: Apache-2.0
// A conversation with the engine that is held again in other ways: byte by byte, all at once, and
// where the programs are at hand, over TCP with the real broker. Answers must be the same bytes.
import BrokerCore
import MQTT
import Synchronization
import Testing

@testable import Scenes

func conversation(_ limits: Limits = Limits(), _ play: (Scene) throws -> Void) throws {
    let scene = Scene(limits, isRecorded: true)
    try play(scene)
    scene.lookOnceMore()
    let recording = try #require(scene.recording)
    scene.recording = nil
    Attendance.heard?.note(recording.versions)
    scene.commitAll()
    scene.expectSound()
    scene.expectEnd()
    expectSame(recording)
}

/// The same with each version in turn.
func conversations(
    _ limits: Limits = Limits(), _ play: (Scene, ProtocolVersion) throws -> Void
) throws {
    for version in versions {
        try conversation(limits) { try play($0, version) }
    }
}

private func expectSame(_ recording: Recording) {
    let forms = [
        ("as it was", recording), ("byte by byte", recording.cut()),
        ("glued together", recording.glued()),
    ]
    for (name, form) in forms {
        expectSame(name) { try form.replay() }
    }
    Tally.shared.count("conversations with the engine, each whole, cut and glued")
    guard BrokerProcess.isAvailable else { return }
    guard let settings = recording.settings else {
        Tally.shared.count("not over TCP: \(recording.exemption)")
        return
    }
    for (name, form) in forms {
        expectSame(name + " over TCP") { try form.replay(with: BrokerProcess(settings)) }
    }
    Tally.shared.count("conversations with the broker over TCP, each whole, cut and glued")
}

private func expectSame(_ name: String, _ replay: () throws -> Void) {
    do {
        try replay()
    } catch {
        Issue.record("\(name): \(error)")
    }
}

extension Scene {
    /// Everybody asks whether there is anything else, which ends the recording with an answer.
    fileprivate func lookOnceMore() {
        for id in links.keys.sorted(by: { $0.place < $1.place }) {
            send(Wire.ping(), on: id)
            _ = take(id)
        }
    }
}

/// How many conversations were held in which way.
final class Tally: Sendable {
    static let shared = Tally()

    private let counts = Mutex<[String: Int]>([:])

    func count(_ name: String) {
        counts.withLock { $0[name, default: 0] += 1 }
    }

    var text: String {
        counts.withLock { counts in
            counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
                .joined(separator: "\n")
        }
    }
}
