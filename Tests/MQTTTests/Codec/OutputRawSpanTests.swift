// SPDX-License-Identifier: Apache-2.0
//
// Appending words and copies to an output.

import MQTT
import Testing

@Suite struct OutputRawSpanTests {
    @Test func bytesAreAppendedInOrder() {
        let source: [UInt8] = [1, 2, 3, 4, 5]
        let bytes = written(11) { output in
            output.append(0xFF)
            output.append(source.span.extracting(1..<4))
            output.append(source.span.extracting(2..<2))
            output.append(word: UInt16(0x0102).bigEndian)
            output.append(word: UInt32(0x0304_0506).bigEndian)
            #expect(output.freeCapacity == 1)
        }
        #expect(bytes == [0xFF, 2, 3, 4, 1, 2, 3, 4, 5, 6])
    }
}
