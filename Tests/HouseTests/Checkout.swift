// SPDX-License-Identifier: Apache-2.0
//
// The files of this checkout, as the rules read them. A rule is a function from a file to what
// breaks it; it is tried on planted samples before it is trusted with the house.
import Foundation

/// One text file, named by its path below the top of the checkout.
struct HouseFile {
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var name: String { String(path.split(separator: "/").last ?? "") }
    var folder: String { path.split(separator: "/").dropLast().joined(separator: "/") }
    /// `MQTT` for `Sources/MQTT/Words/QoS.swift`; nil outside of `Sources`.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
}

/// A rule of the house is broken here.
struct Breach: Equatable, CustomStringConvertible {
    let path: String
    let line: Int
    let what: String

    var description: String { "\(path):\(line): \(what)" }
}

enum Checkout {
    static let top = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static let rooms = ["Sources", "Tests", "CShims", "deploy"]

    /// Everything readable in the four folders but inputs of fuzzers, and the documents at the top.
    static let files: [HouseFile] =
        (rooms.flatMap(paths) + ["README.md", "Package.swift", ".ci/run"]).sorted()
        .compactMap { path in
            let file = top.appending(path: path)
            guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
            return HouseFile(path: path, text: text)
        }

    static var swift: [HouseFile] { files.filter { $0.path.hasSuffix(".swift") } }
    static var sources: [HouseFile] { swift.filter { $0.path.hasPrefix("Sources/") } }
    static var documents: [HouseFile] { files.filter { $0.name == "README.md" } }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: top.appending(path: path).path)
    }

    static func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: top.appending(path: path).path)
    }

    /// What lies at the top level and is neither a dotfile nor ignored by git.
    static func topLevel() throws -> [String] {
        let ignored = try String(contentsOf: top.appending(path: ".gitignore"), encoding: .utf8)
            .split(separator: "\n").map { $0.hasSuffix("/") ? $0.dropLast() : $0 }
        return try FileManager.default.contentsOfDirectory(atPath: top.path)
            .filter { name in !name.hasPrefix(".") && !ignored.contains { $0 == name } }.sorted()
    }

    private static func paths(in folder: String) -> [String] {
        let below = FileManager.default.enumerator(atPath: top.appending(path: folder).path)
        return (below?.compactMap { $0 as? String } ?? [])
            .map { "\(folder)/\($0)" }
            .filter { !$0.contains("__pycache__") && !$0.hasPrefix("Tests/Corpora/") }
    }
}
