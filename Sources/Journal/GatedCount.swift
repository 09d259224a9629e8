// SPDX-License-Identifier: Apache-2.0
// How many of some things still wait for their gate. As in GatedOutput, two gates are enough: one
// batch is in flight and one is being staged.

public struct GatedCount: Sendable {
    private var flying: UInt32 = 0
    private var staged: UInt32 = 0
    private var flyingGate = Gate.none
    private var stagedGate = Gate.none

    public init() {}

    /// One more waits for `gate`, which is no earlier than any before it.
    @inlinable @inline(__always)
    public mutating func add(behind gate: Gate, durable: Gate) {
        if gate > durable { addWaiting(behind: gate, durable) }
    }

    @usableFromInline
    mutating func addWaiting(behind gate: Gate, _ durable: Gate) {
        settle(durable)
        if gate > stagedGate {
            precondition(flying == 0, "more than two batches are not durable")
            flying = staged
            flyingGate = stagedGate
            staged = 0
            stagedGate = gate
        }
        staged += 1
    }

    public mutating func count(durable: Gate) -> Int {
        settle(durable)
        return Int(flying + staged)
    }

    private mutating func settle(_ durable: Gate) {
        if flyingGate <= durable { flying = 0 }
        if stagedGate <= durable { staged = 0 }
    }
}
