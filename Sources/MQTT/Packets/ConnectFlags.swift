// SPDX-License-Identifier: Apache-2.0
//
// The flags byte of CONNECT and the rules between its bits. [MQTT 5.0, 3.1.2.3]

struct ConnectFlags {
    let cleanStart: Bool
    let hasWill: Bool
    let willQoS: QoS
    let willRetain: Bool
    let hasPassword: Bool
    let hasUsername: Bool

    init(_ byte: UInt8, _ version: ProtocolVersion) throws(DecodeError) {
        guard byte & 0b0000_0001 == 0 else { throw .malformed(.reservedConnectFlag) }  // 3.1.2-3
        cleanStart = byte & 0b0000_0010 != 0
        hasWill = byte & 0b0000_0100 != 0
        guard let qos = QoS(rawValue: byte >> 3 & 0b11) else {  // [MQTT-3.1.2-12]
            throw .malformed(.reservedQoS)
        }
        willQoS = qos
        willRetain = byte & 0b0010_0000 != 0
        hasPassword = byte & 0b0100_0000 != 0
        hasUsername = byte & 0b1000_0000 != 0
        guard hasWill || (willQoS == .atMostOnce && !willRetain) else {
            throw .malformed(.willFlags)  // [MQTT-3.1.2-11], [MQTT-3.1.2-13]
        }
        guard version == .v5 || hasUsername || !hasPassword else {
            throw .malformed(.passwordWithoutUserName)  // [MQTT-3.1.2-22] of 3.1.1
        }
    }

    init(cleanStart: Bool, will: (qos: QoS, retain: Bool)?, username: Bool, password: Bool) {
        self.cleanStart = cleanStart
        hasWill = will != nil
        willQoS = will?.qos ?? .atMostOnce
        willRetain = will?.retain ?? false
        hasUsername = username
        hasPassword = password
    }

    var byte: UInt8 {
        (cleanStart ? 0b0000_0010 : 0) | (hasWill ? 0b0000_0100 : 0) | willQoS.rawValue << 3
            | (willRetain ? 0b0010_0000 : 0) | (hasPassword ? 0b0100_0000 : 0)
            | (hasUsername ? 0b1000_0000 : 0)
    }
}
