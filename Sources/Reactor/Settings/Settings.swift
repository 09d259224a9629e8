// SPDX-License-Identifier: Apache-2.0
//
// Reads configuration in mosquitto's syntax: `key value` lines, `#` comments, `include_dir`. Gives
// entries in their order, each with its place; what the values mean is the program's.

import Glibc

/// One line `key value` of a configuration.
package struct SettingsEntry: Equatable, Sendable {
    package var key: String
    /// The rest of the line without spaces around it; may be empty.
    package var value: String
    /// Where the key stands.
    package var place: Place
    /// Where the value stands.
    package var valueColumn: Int

    package init(key: String, value: String, place: Place, valueColumn: Int) {
        self.key = key
        self.value = value
        self.place = place
        self.valueColumn = valueColumn
    }
}

/// A configuration as it was read, and everything that is to be said about it.
package struct Settings: Sendable {
    package private(set) var entries: [SettingsEntry] = []
    /// Keys that were accepted without effect: worth a line each, no error.
    package private(set) var notices: [SettingsError] = []
    /// In the order of the files' lines; the program adds its own with `take` and `refuse`.
    package private(set) var errors: [SettingsError] = []

    private let vocabulary: SettingsVocabulary

    package init(_ vocabulary: SettingsVocabulary) {
        self.vocabulary = vocabulary
    }

    /// Reads a file, and the folders that it includes.
    package init(file path: String, _ vocabulary: SettingsVocabulary) {
        self.init(vocabulary)
        read(file: path)
    }

    /// Reads another file after what was read so far, such as an overlay for one instance.
    package mutating func read(file path: String) {
        read(file: path, isIncluded: false)
    }

    /// Reads text that was not in a file; `name` stands for it in errors.
    package mutating func read(text: String, name: String) {
        parse(Array(text.utf8), file: name, isIncluded: false)
    }

    /// The value that `read` makes of an entry; an error is put with the others, and nil given.
    package mutating func take<T>(
        _ read: () throws(SettingsError) -> T
    ) -> T? {
        do throws(SettingsError) {
            return try read()
        } catch {
            errors.append(error)
            return nil
        }
    }

    package mutating func refuse(_ place: Place, _ message: String) {
        errors.append(SettingsError(place, message))
    }

    package mutating func refuse(_ error: SettingsError) {
        errors.append(error)
    }

    package mutating func notice(_ place: Place, _ message: String) {
        notices.append(SettingsError(place, message))
    }

    private mutating func read(file path: String, isIncluded: Bool) {
        do throws(SystemError) {
            parse(try contents(ofFile: path), file: path, isIncluded: isIncluded)
        } catch {
            refuse(Place(file: path, line: 0, column: 0), "cannot be read: \(error.reason)")
        }
    }

    private mutating func parse(_ bytes: [UInt8], file: String, isIncluded: Bool) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            guard let text = String(validating: line, as: UTF8.self), !text.utf8.contains(0) else {
                refuse(Place(file: file, line: number + 1, column: 1), "is not UTF-8 text")
                continue
            }
            guard let entry = Self.entry(text, file, number + 1) else { continue }
            admit(entry, isIncluded: isIncluded)
        }
    }

    /// nil for an empty line and for a comment. `#` is one only in front: topic filters have it too.
    private static func entry(_ text: String, _ file: String, _ line: Int) -> SettingsEntry? {
        func isSpace(_ character: Character) -> Bool {
            character == " " || character == "\t" || character == "\r" || character == "\r\n"
        }
        guard let first = text.firstIndex(where: { !isSpace($0) }), text[first] != "#" else {
            return nil
        }
        let keyEnd = text[first...].firstIndex(where: isSpace) ?? text.endIndex
        let last = text.lastIndex(where: { !isSpace($0) })!
        let valueStart = text[keyEnd...].firstIndex { !isSpace($0) } ?? keyEnd
        let value = valueStart > keyEnd ? text[valueStart...last] : ""
        func column(_ index: String.Index) -> Int {
            text.distance(from: text.startIndex, to: index) + 1
        }
        return SettingsEntry(
            key: String(text[first..<keyEnd]), value: String(value),
            place: Place(file: file, line: line, column: column(first)),
            valueColumn: column(valueStart))
    }

    private mutating func admit(_ entry: SettingsEntry, isIncluded: Bool) {
        guard entry.key != "include_dir" else { return include(entry, isIncluded: isIncluded) }
        guard let name = vocabulary.name(of: entry.key) else {
            let nearest = vocabulary.nearest(to: entry.key)
            let hint = nearest.map { ": did you mean '\($0)'?" } ?? ""
            return refuse(entry.place, "unknown key '\(entry.key)'\(hint)")
        }
        if let reason = vocabulary.accepted[name] {
            notice(entry.place, "'\(entry.key)' has no effect: \(reason)")
        } else if let missing = vocabulary.notOffered[name] {
            guard entry.value.isEmpty || entry.value != missing.harmlessValue else { return }
            refuse(entry.place, "'\(entry.key)' is not offered here: \(missing.reason)")
        } else {
            entries.append(entry)
        }
    }

    /// The files `*.conf` of a folder, in mosquitto's order.
    private mutating func include(_ entry: SettingsEntry, isIncluded: Bool) {
        guard !isIncluded else {
            return refuse(entry.place, "'include_dir' is allowed in the main file only")
        }
        guard !entry.value.isEmpty else {
            return refuse(entry.place, "'include_dir' needs a folder")
        }
        let own = entry.place.file.lastIndex(of: "/").map { entry.place.file[...$0] } ?? ""
        let folder = entry.value.hasPrefix("/") ? entry.value : own + entry.value
        do throws(SystemError) {
            for name in try names(inFolder: folder) where name.hasSuffix(".conf") {
                read(file: "\(folder)/\(name)", isIncluded: true)
            }
        } catch {
            refuse(
                Place(file: entry.place.file, line: entry.place.line, column: entry.valueColumn),
                "folder '\(folder)' cannot be read: \(error.reason)")
        }
    }
}

func contents(ofFile path: String) throws(SystemError) -> [UInt8] {
    let file = try OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC), "open", path)
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
        let count = read(file.raw, &piece, piece.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw SystemError(operation: "read", subject: path) }
        guard count > 0 else { return bytes }
        bytes += piece[..<count]
    }
}

private func names(inFolder path: String) throws(SystemError) -> [String] {
    guard let folder = opendir(path) else { throw SystemError(operation: "open", subject: path) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            names.append(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
        }
    }
    return names.sorted(by: precedes)
}

/// `00 01 A a B b`: letters alphabetically, the large one before the small one.
private func precedes(_ left: String, _ right: String) -> Bool {
    func upper(_ byte: UInt8) -> UInt8 { byte >= 0x61 && byte <= 0x7A ? byte - 0x20 : byte }
    return left.utf8.lexicographicallyPrecedes(right.utf8) { one, other in
        (upper(one), one) < (upper(other), other)
    }
}
