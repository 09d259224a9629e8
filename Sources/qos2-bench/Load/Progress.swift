// SPDX-License-Identifier: Apache-2.0
//
// One line on the terminal that is written over again and again while a load runs.
import Glibc

struct Progress {
    let isOn: Bool
    private var ticks = 0
    private var width = 0

    init(isOn: Bool) {
        self.isOn = isOn
    }

    /// `seconds` is the length of a tick. Ten times a second is more than anybody reads.
    mutating func tick(_ tally: Tally, delivered: Int, seconds: Double) {
        ticks += 1
        guard isOn, ticks % 5 == 0 else { return }
        let latency = Decimals.text(Double(tally.latencies.percentile(99) ?? 0) / 1e6, 2)
        show(
            "\(Decimals.text(Double(ticks) * seconds, 1)) s  "
                + "\(Int(Double(delivered) / seconds)) delivered/s  p99 \(latency) ms  "
                + "\(tally.openOutbound + tally.openInbound) handshakes open")
    }

    /// What is told next begins on an empty line.
    mutating func end() {
        guard width > 0 else { return }
        show("")
        width = 0
        write("\r")
    }

    private mutating func show(_ text: String) {
        write("\r" + text + String(repeating: " ", count: max(0, width - text.count)))
        width = text.count
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)  // Without a reader nothing is missed.
    }
}
