// SPDX-License-Identifier: Apache-2.0
// A disk that forgets: batches are framed and checked as for a real one, and durable in the next turn.
import Journal
import MQTT
import Reactor

final class MemoryDisk: BatchWriter {
    static let now = Instant(nanoseconds: 1_700_000_000_000_000_000)
    private var written: UInt64?

    func home() -> SegmentHome {
        SegmentHome(
            at: .start, segmentSize: 1 << 40, writer: self, sealed: [],
            checksum: HardwareChecksum.best, now: { Self.now.nanoseconds })
    }

    func write(_ bytes: Span<UInt8>, to segment: String, at offset: Int, number: UInt64) -> Bool {
        written = number
        return false
    }

    func begin(_ segment: String, header: [UInt8], size: Int) {}

    /// The batch that has become durable since the last call.
    func takeWritten() -> UInt64? {
        defer { written = nil }
        return written
    }
}
