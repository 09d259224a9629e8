// SPDX-License-Identifier: Apache-2.0
// Blocks of one size lie side by side. The sizes are as close as the places between them are cheap:
// a message that waits is charged for its bytes and hardly more.

/// The sizes in which blocks are cut: steps of 8 bytes up to 512, then four to each doubling.
enum BlockSize {
    private static var step: Int { 8 }
    private static var steppedLimit: Int { 512 }
    /// Where the last doubling ends.
    static var largest: Int { 256 << 10 }
    static var classCount: Int { 64 + 9 * 4 }

    /// The class of blocks for `size` bytes, which are at most `largest`.
    @inline(__always)
    static func sizeClass(for size: Int) -> Int {
        size <= steppedLimit ? max(0, size - 1) / step : wideClass(for: size)
    }

    /// What a block has room for.
    static func capacity(for size: Int) -> Int {
        let step = size <= steppedLimit ? self.step : 1 << (doubling(size) - 2)
        return (max(1, size) + step - 1) / step * step
    }

    @inline(never)
    private static func wideClass(for size: Int) -> Int {
        let doubling = doubling(size)
        return steppedLimit / step + (doubling - 9) * 4 + (size - 1) >> (doubling - 2) - 4
    }

    /// The last power of two before `size`.
    private static func doubling(_ size: Int) -> Int {
        Int.bitWidth - 1 - (size - 1).leadingZeroBitCount
    }
}
