// SPDX-License-Identifier: Apache-2.0
// A segment that no checkpoint needs any more keeps its place on the disk for one that is to come. To find
// blocks for new files all the time, and to give back those of old ones, is work that syncs wait for.

/// Those of one size. Two threads may be at them: whoever comes too late finds one less.
public struct RetiredSegments {
    private static let prefix = "spare-"

    private let size: Int
    private let disk: any Disk

    public init(of size: Int, on disk: any Disk) {
        self.size = size
        self.disk = disk
    }

    static func isRetired(_ name: String) -> Bool {
        name.hasPrefix(prefix) && name.utf8.count == prefix.utf8.count + 25
    }

    public func count() throws(DiskError) -> Int { try names().count }

    /// `segment` is over: kept if it is of this size and fewer than `most` are, and else deleted.
    public func retire(_ segment: String, keeping most: Int) throws(DiskError) {
        guard try disk.size(of: segment) == size, try count() < most else {
            return try disk.remove(segment)
        }
        try disk.rename(segment, to: Self.prefix + segment.dropFirst("segment-".count))
    }

    /// Deletes all but `most`, and what is of another size: what is short of space needs it more.
    public func keep(_ most: Int) throws(DiskError) {
        let kept = try names().prefix(most)
        for name in try disk.names() where Self.isRetired(name) && !kept.contains(name) {
            try disk.remove(name)
        }
    }

    /// Gives one a new name, if there is one. What is in it may be written over from here on.
    public func take(as name: String) throws(DiskError) -> Bool {
        guard let retired = try names().first, (try? disk.rename(retired, to: name)) != nil else {
            return false
        }
        // No power cut may show as a segment what holds something else by now.
        try disk.syncFolder()
        return true
    }

    private func names() throws(DiskError) -> [String] {
        try disk.names().filter { Self.isRetired($0) && (try? disk.size(of: $0)) == size }
    }
}
