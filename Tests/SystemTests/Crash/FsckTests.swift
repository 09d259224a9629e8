// SPDX-License-Identifier: Apache-2.0
//
// `qos2ctl fsck` on the stores of real programs: living, killed, damaged, and none.
import Foundation
import Testing

@Suite struct CrashFsck {
    private func fsck(_ folder: URL, in stage: Stage, _ options: [String] = []) throws -> Program {
        try stage.start("qos2ctl", ["fsck", folder.path] + options)
    }

    @Test func whatTheProgramsLeaveIsSound() throws {
        let stage = try Stage()
        let store = stage.folder.appending(path: "store")
        let file = try stage.write(
            "broker.conf",
            "listener \(stage.port) 127.0.0.1\npersistence_location \(store.path)\n")
        let broker = try stage.start("qos2-broker", ["-c", file])
        try broker.wait(for: "an open port", until: { accepts(stage.port) })
        let subscriber = try stage.startSubscriber()
        let outbox = stage.folder.appending(path: "outbox")
        let publisher = try stage.startPublisher(
            "outbox_path \(outbox.path)", replay: try stage.recording(of: 50), rate: 1000)
        #expect(try publisher.end() == 0, "\(publisher.log)")

        let living = try fsck(store, in: stage)
        #expect(try living.end() == 0, "\(living.log)")
        #expect(living.log.contains("in use by pid \(broker.pid), qos2-broker"), "\(living.log)")
        broker.crash()
        subscriber.crash()
        let killed = try fsck(store, in: stage, ["--records"])
        #expect(try killed.end() == 0, "\(killed.log)")
        #expect(killed.log.contains("a broker's: 2 sessions"), "\(killed.log)")
        #expect(killed.log.contains("client plc-line1"), "\(killed.log)")
        #expect(killed.log.contains("topic sensor/data"), "\(killed.log)")
        let ofOutbox = try fsck(outbox, in: stage, ["--records"])
        #expect(try ofOutbox.end() == 0, "\(ofOutbox.log)")
        #expect(ofOutbox.log.contains("a publisher's: 0 messages, next 51"), "\(ofOutbox.log)")
        #expect(ofOutbox.log.contains("label plc-line1/50"), "\(ofOutbox.log)")

        try flipByte(at: 16, of: try segment(in: store))
        let damaged = try fsck(store, in: stage)
        #expect(try damaged.end() == 2, "\(damaged.log)")
    }

    @Test func noFolderIsNoInput() throws {
        let stage = try Stage()
        let none = try fsck(stage.folder.appending(path: "none"), in: stage)
        #expect(try none.end() == 66)
        #expect(none.log.contains("no such folder"))
    }

    private func segment(in folder: URL) throws -> URL {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let name = try #require(names.first { $0.hasPrefix("segment-") })
        return folder.appending(path: name)
    }

    private func flipByte(at offset: UInt64, of file: URL) throws {
        let handle = try FileHandle(forUpdating: file)
        try handle.seek(toOffset: offset)
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: Data([byte ^ 0x5a]))
        try handle.close()
    }
}
