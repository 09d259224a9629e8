// SPDX-License-Identifier: Apache-2.0
//
// Every input that is kept, run once without instruments: those that once broke something, and those
// from which fuzzing begins. And the bugs that are planted, to be found by one input each.
import Foundation
import Testing

@Suite struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Corpora")

    private func inputs(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let folder = Self.folder.appending(path: target.rawValue)
        let names = FileManager.default.enumerator(atPath: folder.path)
        return try (names?.compactMap { $0 as? String } ?? []).sorted().compactMap { name in
            let file = folder.appending(path: name)
            guard !file.hasDirectoryPath,
                (try? file.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory != true
            else { return nil }
            return (name, Array(try Data(contentsOf: file)))
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func nothingBreaksAnyMore(_ target: FuzzTarget) throws {
        let inputs = try inputs(target)
        #expect(inputs.count > 10, "the corpus of \(target) is not there")
        for (name, bytes) in inputs {
            #expect(throws: Never.self, "\(target)/\(name)") { try target.run(bytes) }
        }
    }

    /// What judges must judge: each planted bug is seen through some input of its target.
    @Test(arguments: Planted.allCases)
    func plantedBugsAreSeen(_ planted: Planted) throws {
        let isSeen = try inputs(planted.target).contains { input in
            (try? planted.target.run(input.bytes, planted)) == nil
        }
        #expect(isSeen, "\(planted) is not seen")
    }
}
