// SPDX-License-Identifier: Apache-2.0
// Extents from the heap, counted.
@testable import BrokerCore

final class CountedExtents: ExtentSource {
    private let granularity: Int
    private(set) var bytes = 0
    private(set) var taken = 0
    private(set) var filled = 0
    var bytesMax = Int.max

    init(granularity: Int) {
        self.granularity = granularity
    }

    func takeExtent(_ size: Int) -> UnsafeMutableRawPointer? {
        guard size % granularity == 0, bytes + size <= bytesMax else { return nil }
        bytes += size
        taken += 1
        return .allocate(byteCount: size, alignment: granularity)
    }

    func filled(extent: UnsafeMutableRawPointer, _ size: Int) {
        filled += 1
    }

    func giveBack(extent: UnsafeMutableRawPointer, _ size: Int) {
        bytes -= size
        extent.deallocate()
    }
}
