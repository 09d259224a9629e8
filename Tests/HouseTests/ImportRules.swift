// SPDX-License-Identifier: Apache-2.0
//
// Who may import whom: the table of Sources/README.md, section 3, word for word. The build's own
// import check holds only the targets of the package apart, never the modules of the toolchain.

enum ImportRules {
    private static let pure: Set<String> = ["MQTT", "Journal"]
    private static let libraries = pure.union(["BrokerCore", "ClientCore", "Reactor"])
    private static let program = libraries.union(["ArgumentParser", "Glibc"])

    /// `Synchronization` is a part of the standard library; only Reactor, which has a thread, needs it.
    static let allowed: [String: Set<String>] = [
        "MQTT": [],
        "Journal": [],
        "BrokerCore": pure,
        "ClientCore": pure,
        "Reactor": [
            "Journal", "CEpoll", "CChecksum", "CSystemd", "COpenSSL", "Glibc", "Synchronization",
        ],
        "qos2-broker": program,
        "plc-publisher": program,
        "database-subscriber": program.union(["CSQLite"]),
        "qos2ctl": program,
        "qos2-bench": program.union(["CSQLite"]),
        "qos2-simulator": ["MQTT", "Journal", "BrokerCore", "ClientCore", "ArgumentParser"],
    ]

    static func breaches(in file: HouseFile) -> [Breach] {
        guard let module = file.module else { return [] }
        guard let allowed = allowed[module] else {
            return [
                Breach(path: file.path, line: 1, what: "\(module) is not in the table of imports")
            ]
        }
        return CodeText(file.text).lines.enumerated().compactMap { index, line in
            guard let imported = importedModule(line), !allowed.contains(imported) else {
                return nil
            }
            return Breach(
                path: file.path, line: index + 1, what: "\(module) may not import \(imported)")
        }
    }

    /// `Glibc` for `@preconcurrency import struct Glibc.timespec`.
    private static func importedModule(_ line: String) -> String? {
        let words = CodeText.words(of: line)
        guard let at = words.firstIndex(of: "import"), at + 1 < words.count else { return nil }
        let kinds: Set<Substring> = [
            "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
        ]
        let next = kinds.contains(words[at + 1]) ? at + 2 : at + 1
        return next < words.count ? String(words[next]) : nil
    }
}
