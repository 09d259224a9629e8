// SPDX-License-Identifier: Apache-2.0
// The tables of keys: each key of mosquitto in exactly one of them, and each of ours documented.
import Foundation
import Reactor
import Testing

@testable import qos2_broker

@Suite struct KeyTests {
    private let own: Set = [
        "connect_timeout", "log_handshakes", "max_connect_size", "max_output_bytes",
        "max_subscriptions", "max_topic_length", "max_topic_levels", "output_memory",
        "queue_memory", "queue_overflow",
        "response_information", "server_reference",
    ]

    private var known: [String] { Key.all.map(\.name) + ["include_dir"] }
    private var accepted: [String] { ForeignKeys.accepted.map(\.key) }
    private var refused: [String] { ForeignKeys.notOffered.map(\.key) }

    @Test func everyKeyOfMosquittoIsInExactlyOneTable() {
        let all = known + accepted + refused
        #expect(Set(MosquittoKeys.all).count == MosquittoKeys.all.count, "listed twice")
        for key in MosquittoKeys.all {
            let count = all.count { $0 == key }
            #expect(count == 1, "\(key) is in \(count) tables")
        }
    }

    @Test func everyOtherKeyIsOurs() {
        #expect(Set(known).subtracting(MosquittoKeys.all) == own)
        #expect(Set(accepted + refused).subtracting(MosquittoKeys.all).isEmpty)
    }

    @Test func everyKeyIsInTheDocument() throws {
        let top = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(
            contentsOf: top.appending(path: "deploy/README.md"), encoding: .utf8)
        let words = Set(text.split { !($0.isLetter || $0.isNumber || "_*.".contains($0)) })
        let missing = (known + accepted + refused).filter { key in
            !key.hasPrefix("bridge_") && !words.contains(key[...])
        }
        #expect(missing.isEmpty, "deploy/README.md does not name them")
    }

    @Test func whatIsNotOfferedIsRefusedWithItsPlace() {
        for key in refused {
            let name = key.hasSuffix("*") ? key.dropLast() + "x" : key[...]
            var reader = ConfigurationReader()
            reader.read(text: "\n  \(name) value\n", name: "m.conf")
            #expect(reader.errors.count == 1)
            let error = reader.errors.first?.description ?? ""
            #expect(error.hasPrefix("m.conf:2:3: '\(name)' is not offered here: "), "\(error)")
        }
    }

    @Test func whatHasNoEffectIsNoticed() {
        for key in accepted {
            var reader = ConfigurationReader()
            reader.read(text: "\(key) value\n", name: "m.conf")
            #expect(reader.errors.isEmpty)
            let notices = reader.notices.map(\.description)
            #expect(notices.count == 1)
            #expect(notices[0].hasPrefix("m.conf:1:1: '\(key)' has no effect: "), "\(notices)")
        }
    }

    @Test func switchesThatAreOffAskForNothing() {
        var reader = ConfigurationReader()
        reader.read(
            text: "listener 1883\nrequire_certificate false\nuse_username_as_clientid false\n",
            name: "m.conf")
        #expect(reader.errors.isEmpty && reader.notices.isEmpty)
    }
}
