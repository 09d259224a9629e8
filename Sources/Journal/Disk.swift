// SPDX-License-Identifier: Apache-2.0
// What the journal asks of a disk: one folder of files, with writing and syncing told apart, so
// that a simulated one can lose what was not synced, names included.

/// A folder and its files. Every call is done when it returns, but survives a power cut only after
/// the sync that covers it: `sync` for bytes, `syncFolder` for names.
public protocol Disk: AnyObject {
    func names() throws(DiskError) -> [String]
    func contents(of name: String) throws(DiskError) -> [UInt8]
    func size(of name: String) throws(DiskError) -> Int
    /// At most `count` bytes; fewer where the file ends.
    func contents(
        of name: String, from offset: Int, atMost count: Int
    ) throws(DiskError) -> [UInt8]
    /// A file of `size` bytes, all zero, whose space is there to stay. It must not exist.
    func create(_ name: String, size: Int) throws(DiskError)
    func write(_ bytes: Span<UInt8>, to name: String, at offset: Int) throws(DiskError)
    func sync(_ name: String) throws(DiskError)
    /// From here on `contents` shows what is on the disk. After a failed sync a system may show bytes
    /// as written that are in its memory only, and that no further sync would write.
    func confirm(_ name: String) throws(DiskError)
    func syncFolder() throws(DiskError)
    func rename(_ name: String, to newName: String) throws(DiskError)
    /// Afterwards there is no such file, as there may have been none before.
    func remove(_ name: String) throws(DiskError)
    /// What lies behind `size` is zero, and nobody will write there: its space may be used for
    /// something else. A disk may also leave it as it is.
    func giveBack(_ name: String, behind size: Int) throws(DiskError)
    /// The fastest way to CRC-32C here.
    var checksum: Checksum { get }
}

extension Disk {
    public func size(of name: String) throws(DiskError) -> Int {
        try contents(of: name).count
    }

    public func contents(
        of name: String, from offset: Int, atMost count: Int
    ) throws(DiskError) -> [UInt8] {
        Array(try contents(of: name).dropFirst(offset).prefix(count))
    }

    public func confirm(_ name: String) throws(DiskError) { try sync(name) }

    public var checksum: Checksum { CRC32C.checksum }

    public func giveBack(_ name: String, behind size: Int) {}
}

/// What the disk refused.
public struct DiskError: Error, Equatable, Sendable, CustomStringConvertible {
    /// `write segment-0000000000000001`
    public let operation: String
    public let reason: String
    /// No room is left: it may come back.
    public let isFull: Bool

    public init(operation: String, reason: String, isFull: Bool = false) {
        self.operation = operation
        self.reason = reason
        self.isFull = isFull
    }

    public var description: String { "\(operation): \(reason)" }
}
