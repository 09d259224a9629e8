// SPDX-License-Identifier: Apache-2.0
//
// The rules of the house, read over every file of it.
import Testing

/// A failure prints each breach on a line of its own, as a compiler would.
private func expectNone(_ breaches: [Breach], _ location: SourceLocation = #_sourceLocation) {
    guard !breaches.isEmpty else { return }
    let list = breaches.map(\.description).joined(separator: "\n")
    Issue.record("\(breaches.count) breaches\n\(list)", sourceLocation: location)
}

@Suite struct House {
    @Test func hasBeenFound() {
        #expect(Checkout.sources.count > 3)
        #expect(Checkout.documents.contains { $0.path == "Sources/README.md" })
    }

    @Test func modulesImportOnlyWhatTheirWallLetsIn() {
        expectNone(Checkout.sources.flatMap(ImportRules.breaches))
    }

    @Test func filesHoldOneIdea() {
        expectNone(Checkout.swift.flatMap(SizeRules.fileBreaches))
    }

    @Test func functionsFitOneScreen() {
        expectNone(Checkout.swift.flatMap { SizeRules.functionBreaches(in: $0) })
    }

    @Test func filesStartWithTheirLicense() {
        let scripts = Checkout.files.filter { $0.text.hasPrefix("#!") || $0.name.hasSuffix(".py") }
        expectNone((Checkout.swift + scripts).flatMap(WordRules.license))
    }

    @Test func nothingIsLeftUnfinished() {
        expectNone(Checkout.files.flatMap(WordRules.unfinishedWork))
    }

    @Test func namesSaySomething() {
        expectNone(Checkout.swift.flatMap(WordRules.emptyNames))
    }

    @Test func nothingIsPublic() {
        expectNone(Checkout.sources.flatMap(WordRules.wideAccess))
    }

    @Test func oneLoopOwnsAllState() {
        expectNone(Checkout.sources.flatMap(WordRules.concurrency))
    }

    @Test func documentsNameFilesThatExist() {
        expectNone(Checkout.documents.flatMap { DocumentRules.breaches(in: $0) })
    }

    @Test func everyKindOfLogLineIsInTheCatalog() throws {
        let kinds = Checkout.sources.map { CatalogRules.kinds(in: $0.text) }
        let catalog = try #require(Checkout.files.first { $0.name == "qos2.catalog" })
        let entries = CatalogRules.entries(of: catalog.text)
        let used = kinds.reduce(into: Set()) { $0.formUnion($1) }
        #expect(used.subtracting(entries).sorted() == [])
        #expect(entries.subtracting(used).sorted() == [])
    }

    @Test func topLevelHoldsOnlyWhatBelongsThere() throws {
        let belongs = ["Package.swift", "README.md", "LICENSE"] + Checkout.rooms
        #expect(try Checkout.topLevel().filter { !belongs.contains($0) } == [])
    }

    @Test func scriptsHaveTheRunBit() {
        let scripts = Checkout.files.filter { $0.text.hasPrefix("#!") }.map(\.path)
        #expect(scripts.contains("Tests/run"))
        #expect(scripts.filter { !Checkout.isExecutable($0) } == [])
    }
}
