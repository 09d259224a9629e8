// SPDX-License-Identifier: Apache-2.0
//
// What all clients of a load count together. It tells when everything is done, and that something
// moves.

final class Tally {
    var sent = 0
    /// Deliveries that the sent messages bring about.
    var expected = 0
    /// Publishers' messages whose handshake is not over.
    var openOutbound = 0
    /// Received messages of QoS 2 whose PUBREL has not come.
    var openInbound = 0
    /// Deliveries, without repeats.
    var delivered = 0
    var damaged = 0
    /// Packets that went on a handshake.
    var steps = 0
    var lastDeliveryAt: Int64 = 0
    let latencies = Histogram()
    /// The longest since somebody asked last.
    var latencyMax: Int64 = 0

    func took(_ latency: Int64) {
        latencies.record(latency)
        if latency > latencyMax { latencyMax = latency }
    }
}
