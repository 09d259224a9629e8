// SPDX-License-Identifier: Apache-2.0
//
// Each rule is shown a breach, which it must find, and its innocent neighbour, which it must let
// pass: a checker that finds nothing proves nothing.
import Testing

private func file(_ path: String, _ text: String) -> HouseFile { HouseFile(path: path, text: text) }

private func lines(_ breaches: [Breach]) -> [Int] { breaches.map(\.line) }

@Suite struct PlantedBreaches {
    @Test func importsAcrossAWall() {
        let planted = """
            import Journal
            // import Foundation
            import Foundation
            @preconcurrency import struct Glibc.timespec
            """
        func caught(in path: String) -> [Int] {
            lines(ImportRules.breaches(in: file(path, planted)))
        }
        #expect(caught(in: "Sources/BrokerCore/A.swift") == [3, 4])
        #expect(caught(in: "Sources/Reactor/A.swift") == [3])
        #expect(caught(in: "Sources/MQTT/A.swift") == [1, 3, 4])
        #expect(caught(in: "Sources/Newcomer/A.swift") == [1])
        #expect(caught(in: "Tests/MQTTTests/A.swift") == [])
    }

    @Test func filesTooLong() {
        let long = String(repeating: "line\n", count: 501)
        #expect(lines(SizeRules.fileBreaches(in: file("Sources/MQTT/A.swift", long))) == [1])
        #expect(SizeRules.fileBreaches(in: file("Tests/MQTTTests/A.swift", long)).isEmpty)
        let fits = String(repeating: "line\n", count: 500)
        #expect(SizeRules.fileBreaches(in: file("Sources/MQTT/A.swift", fits)).isEmpty)
    }

    @Test func functionsTooLong() {
        let planted = """
            struct Machine {
                func fits() { "}" }
                func tooLong(
                    _ why: String = "{"
                ) {
                    // }
                    if true {
                        print("\\(why.map { "}" })")
                    }
                }
                let value = Machine.init()
            }
            protocol Requirement { func none() }
            """
        let source = file("Sources/MQTT/A.swift", planted)
        #expect(lines(SizeRules.functionBreaches(in: source, limit: 7)) == [3])
        #expect(SizeRules.functionBreaches(in: source, limit: 8).isEmpty)
    }

    @Test func bracesInStringsAndCommentsDoNotCount() {
        let code = CodeText(
            ##"""
            let a = "{ \(b("}") + "{") {" // {
            let c = #"\" { "# /* { /* { */ { */ + d
            """##)
        #expect(code.lines.map { $0.filter { !$0.isWhitespace } } == ["leta=", "letc=+d"])
    }

    @Test func unfinishedWork() {
        for word in WordRules.unfinished {
            let planted = file("deploy/demo", "one\n# \(word): finish\nmktemp XX\(word)XX\n")
            #expect(lines(WordRules.unfinishedWork(in: planted)) == [2])
            let document = file("README.md", "no `\(word)` here\n`but` \(word) `there`\n")
            #expect(lines(WordRules.unfinishedWork(in: document)) == [2])
        }
    }

    @Test func missingLicense() {
        let mark = "SPDX-License-Identifier: Apache-2.0"
        #expect(WordRules.license(in: file("A.swift", "// \(mark)\nimport MQTT\n")).isEmpty)
        #expect(WordRules.license(in: file("demo", "#!/bin/bash\n# \(mark)\n")).isEmpty)
        #expect(lines(WordRules.license(in: file("A.swift", "import MQTT\n// \(mark)\n"))) == [1])
        #expect(lines(WordRules.license(in: file("A.swift", ""))) == [1])
    }

    @Test func emptyNames() {
        let planted = """
            struct SessionManager {}
            enum Management {}
            // class Helper
            class StringUtils {}
            """
        #expect(lines(WordRules.emptyNames(in: file("Sources/MQTT/A.swift", planted))) == [1, 4])
        #expect(lines(WordRules.emptyNames(in: file("Sources/MQTT/Common.swift", ""))) == [1])
    }

    @Test func wideAccess() {
        let planted = "package struct A {}\npublic struct B {}\n// public\nlet c = file.public\n"
        #expect(lines(WordRules.wideAccess(in: file("Sources/Reactor/A.swift", planted))) == [2])
        #expect(lines(WordRules.wideAccess(in: file("Sources/MQTT/A.swift", planted))) == [1])
    }

    @Test func concurrency() {
        let planted = """
            Task { }
            let await: Int
            func a() async {}
            actor B {}
            // await
            Task.detached {}
            """
        let source = file("Sources/MQTT/A.swift", planted)
        #expect(lines(WordRules.concurrency(in: source)) == [1, 3, 4, 6])
    }

    @Test func kindsWithoutAnEntry() {
        let source = "let a = \"5b0b8f0e-3f0d-4f3a-9a0f-7d1d3c6e2a41\", b = \"not-one\""
        let kinds = CatalogRules.kinds(in: source)
        #expect(kinds == ["5b0b8f0e3f0d4f3a9a0f7d1d3c6e2a41"])
        #expect(
            CatalogRules.entries(of: "# x\n-- 5b0b8f0e3f0d4f3a9a0f7d1d3c6e2a41\nSubject: y")
                == kinds)
        #expect(CatalogRules.entries(of: "Subject: y\n") == [])
    }

    @Test func documentsThatNameWhatIsNotThere() {
        let text = """
            `deploy/demo` and `Tests/run unit` are there, `deploy/gone` is not,
            nor is [this](Sources/Gone/README.md); `/etc/qos2/a.conf` and `a/b` are not ours.
            """
        let there: (String) -> Bool = { ["deploy/demo", "Tests/run", "Sources"].contains($0) }
        #expect(
            lines(DocumentRules.breaches(in: file("README.md", text), exists: there)) == [1, 2])
        // The map is also a plan: what lies in a folder not built yet is not missed there.
        let plan = "`Sources/Gone/README.md` `Sources/gone`"
        #expect(
            DocumentRules.breaches(in: file("Sources/README.md", plan), exists: there).map(\.what)
                == ["no such file: Sources/gone"])
    }
}
