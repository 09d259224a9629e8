// SPDX-License-Identifier: Apache-2.0
//
// Walking through the levels of a topic.

import MQTT
import Testing

@Suite struct TopicLevelsTests {
    func levels(_ topic: String) -> [String] {
        let bytes = [0x2F] + Array(topic.utf8) + [0x2F]
        var levels = TopicLevels(1..<(bytes.count - 1))
        var found: [String] = []
        while let level = levels.next(in: bytes.span) { found.append(bytes.text(level)!) }
        #expect(levels.next(in: bytes.span) == nil)
        return found
    }

    @Test func emptyLevelsCount() {
        #expect(levels("sensor/data") == ["sensor", "data"])
        #expect(levels("a") == ["a"])
        #expect(levels("/") == ["", ""])
        #expect(levels("/a//b/") == ["", "a", "", "b", ""])
        #expect(levels("") == [""])
    }
}
