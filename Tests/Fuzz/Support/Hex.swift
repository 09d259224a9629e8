// SPDX-License-Identifier: Apache-2.0
//
// Bytes for people and for pipes.

extension Collection<UInt8> {
    var hex: String {
        map { byte in
            let digits = String(byte, radix: 16)
            return digits.count < 2 ? "0" + digits : digits
        }.joined()
    }
}
