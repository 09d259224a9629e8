// SPDX-License-Identifier: Apache-2.0
//
// One reading of a PLC as it is published: names and values as JSON text, so that a recorded number
// leaves as it was written, digit for digit.
import ClientCore
import MQTT

struct Reading: Equatable {
    /// One member of the JSON object; `json` is its value as JSON text.
    struct Field: Equatable {
        var name: String
        var json: String
    }

    var ts: String
    /// JSON numbers.
    var temperature: String
    var pressure: String
    /// In their order.
    var further: [Field] = []

    /// `{"stream":"plc-line1","seq":1042,"ts":"…","temperature":24.71,"pressure":1.42}`
    func payload(stream: String, seq: Int64) -> [UInt8] {
        var text = "{\"stream\":\(JSON.string(stream)),\"seq\":\(seq),\"ts\":\(JSON.string(ts))"
        text += ",\"temperature\":\(temperature),\"pressure\":\(pressure)"
        for field in further {
            text += ",\(JSON.string(field.name)):\(field.json)"
        }
        text += "}"
        return Array(text.utf8)
    }

    /// QoS 2. Over MQTT 5.0 stream and seq also go as user properties.
    func message(
        topic: String, stream: String, seq: Int64, at now: Instant
    ) -> OutboxMessage {
        let properties = MessageProperties(
            userProperties: [UserProperty("stream", stream), UserProperty("seq", String(seq))])
        var message = OutboxMessage(
            qos: .exactlyOnce, topic: Array(topic.utf8), label: "\(stream)/\(seq)",
            properties: properties, payload: payload(stream: stream, seq: seq))
        message.enqueuedAt = now
        return message
    }
}
