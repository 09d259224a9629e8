// SPDX-License-Identifier: Apache-2.0
// What a list holds whose elements are to be let go: whether somebody still has it, a weak reference tells.

final class Thing {
    let number: Int

    init(_ number: Int) {
        self.number = number
    }
}
