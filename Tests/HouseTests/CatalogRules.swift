// SPDX-License-Identifier: Apache-2.0
//
// Every kind of log line has an entry in the message catalog, which `journalctl -x` shows, and the
// catalog has no entry for a kind that is gone.

enum CatalogRules {
    /// The UUIDs that the sources write in quotes, in the catalog's form.
    static func kinds(in source: String) -> Set<String> {
        let quoted = source.split(separator: "\"", omittingEmptySubsequences: false)
        return Set(quoted.compactMap { identifier($0) })
    }

    /// The lines `-- 0123…`, each of which begins an entry.
    static func entries(of catalog: String) -> Set<String> {
        Set(
            catalog.split(separator: "\n").filter { $0.hasPrefix("-- ") }
                .map { String($0.dropFirst(3)) })
    }

    private static func identifier(_ text: Substring) -> String? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.count) == [8, 4, 4, 4, 12],
            text.allSatisfy({ $0.isHexDigit || $0 == "-" })
        else { return nil }
        return parts.joined()
    }
}
