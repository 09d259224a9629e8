// SPDX-License-Identifier: Apache-2.0
//
// A descriptor with one owner: closed when the owner goes, also out of an initialiser that throws.

import Glibc

struct OwnedDescriptor: ~Copyable {
    let raw: Int32

    /// Takes over what a system call gave, or throws what it refused.
    init(_ result: Int32, _ operation: String, _ subject: String = "") throws(SystemError) {
        guard result >= 0 else { throw SystemError(operation: operation, subject: subject) }
        raw = result
    }

    deinit { Glibc.close(raw) }

    /// Gives the descriptor away; whoever takes it closes it.
    consuming func release() -> Int32 {
        let descriptor = raw
        discard self
        return descriptor
    }
}
