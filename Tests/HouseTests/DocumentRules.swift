// SPDX-License-Identifier: Apache-2.0
//
// Documents name only files that exist. A name is a path in backticks, or the target of a link,
// that starts with one of the four folders or lies in the document's own. Sources/README.md is also
// the plan of rooms not built yet: there a path counts only if the folder it lies in exists.

enum DocumentRules {
    static func breaches(
        in file: HouseFile, exists: (String) -> Bool = Checkout.exists
    ) -> [Breach] {
        file.lines.enumerated().flatMap { index, line in
            paths(of: line).compactMap { path in
                let known = candidates(path, in: file)
                guard !known.isEmpty, !known.contains(where: exists) else { return nil }
                let isPlan = file.path == "Sources/README.md" && !exists(parent(of: known[0]))
                return isPlan
                    ? nil : Breach(path: file.path, line: index + 1, what: "no such file: \(path)")
            }
        }
    }

    /// Where the path may point; empty when it is no path of this checkout.
    private static func candidates(_ path: String, in file: HouseFile) -> [String] {
        let first = path.split(separator: "/").first.map(String.init) ?? ""
        if Checkout.rooms.contains(first) || first == ".ci" {
            return [path]
        }
        let isDocument = path.hasSuffix(".md")
        return isDocument ? [file.folder.isEmpty ? path : "\(file.folder)/\(path)"] : []
    }

    private static func parent(of path: String) -> String {
        path.split(separator: "/").dropLast().joined(separator: "/")
    }

    private static func paths(of line: Substring) -> [String] {
        let quoted = line.split(separator: "`", omittingEmptySubsequences: false)
        // Every second piece stands between backticks; a command's first word is its path.
        let spans = quoted.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            .compactMap { $0.split(separator: " ").first }
        let links = line.split(separator: "](").dropFirst().compactMap { piece in
            piece.split(separator: ")").first?.split(separator: "#").first
        }
        let isPath: (Substring) -> Bool = { text in
            text.contains("/") && !text.hasPrefix("/")
                && text.allSatisfy { $0.isLetter || $0.isNumber || "/._-+@".contains($0) }
        }
        return (spans.filter(isPath) + links.filter { isPath($0) || $0.hasSuffix(".md") })
            .map(String.init)
    }
}
