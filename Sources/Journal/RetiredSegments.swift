// SPDX-License-Identifier: Apache-2.0
// A segment that no checkpoint needs any more keeps its place on the disk for one that is to come. To find
// blocks for new files all the time, and to give back those of old ones, is work that syncs wait for.

public enum RetiredSegments {
    private static let prefix = "spare-"

    static func isRetired(_ name: String) -> Bool {
        name.hasPrefix(prefix) && name.utf8.count == prefix.utf8.count + 25
    }

    /// `segment` is over: kept if it is of this size and fewer than `most` are, and else deleted.
    public static func retire(
        _ segment: String, of size: Int, keeping most: Int, on disk: any Disk
    ) throws(DiskError) {
        guard try disk.size(of: segment) == size, try names(on: disk).count < most else {
            return try disk.remove(segment)
        }
        try disk.rename(segment, to: prefix + segment.dropFirst("segment-".count))
    }

    /// Deletes all but `most`: what is short of space needs it more.
    public static func keep(_ most: Int, on disk: any Disk) throws(DiskError) {
        for name in try names(on: disk).dropFirst(most) { try disk.remove(name) }
    }

    /// Gives one of this size a new name, if there is one. What is in it may be written over from here on.
    public static func take(
        _ size: Int, as name: String, on disk: any Disk
    ) throws(DiskError) -> Bool {
        guard let retired = try any(of: size, on: disk) else { return false }
        try disk.rename(retired, to: name)
        // No power cut may show as a segment what holds something else by now.
        try disk.syncFolder()
        return true
    }

    public static func any(of size: Int, on disk: any Disk) throws(DiskError) -> String? {
        for name in try names(on: disk) where try disk.size(of: name) == size { return name }
        return nil
    }

    private static func names(on disk: any Disk) throws(DiskError) -> [String] {
        try disk.names().filter(isRetired)
    }
}
