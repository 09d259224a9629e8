// SPDX-License-Identifier: Apache-2.0
//
// What a target says when something that must hold does not, and what it did until then.

struct Breach: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

func require(_ condition: Bool, _ what: @autoclosure () -> String) throws(Breach) {
    if !condition { throw Breach(what()) }
}

/// Where targets tell what they do, for those who look into one input.
nonisolated(unsafe) var tracer: ((String) -> Void)?

func trace(_ what: @autoclosure () -> String) {
    tracer?(what())
}
