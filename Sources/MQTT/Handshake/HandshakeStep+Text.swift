// SPDX-License-Identifier: Apache-2.0
// The words of a handshake line and its structured fields, in the one form that all programs use:
//
//     [1/4] recv PUBLISH  plc-line1  mid=17 qos=2 sensor/data 104 B  message=plc-line1/1042
//     [2/4] send PUBREC   plc-line1  mid=17  on disk in 1.8 ms

extension HandshakeStep {
    /// The whole line. Text from clients is escaped: it cannot forge a second one.
    public var text: String {
        var line = "[\(number)/\(count)] "
        line.reserveCapacity(128)
        line += direction == .received ? "recv " : "send "
        line.append(packet.name, filledTo: 9)
        line.append(client.description.escaped, filledTo: 9)
        line += "  "
        if packet == .publish {
            if let id { line += "mid=\(id.rawValue) " }
            appendPublish(to: &line)
        } else {
            line.append("mid=\(id?.rawValue ?? 0)", filledTo: 6)
        }
        let outcome = outcome.text
        if !outcome.isEmpty {
            line += "  "
            line += outcome
        }
        while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
        return line
    }

    /// Names and values as journald keeps them.
    public var fields: [(name: String, value: String)] {
        var fields = [
            (name: "MQTT_PACKET", value: packet.name),
            (name: "MQTT_DIRECTION", value: direction == .received ? "in" : "out"),
            (name: "MQTT_STEP", value: String(number)),
            (name: "MQTT_CLIENT", value: client.description),
            (name: "MQTT_QOS", value: String(qos.rawValue)),
            (name: "MQTT_DUP", value: isDuplicate ? "1" : "0"),
            (name: "MQTT_RETAIN", value: isRetained ? "1" : "0"),
        ]
        if let id {
            fields.append((name: "MQTT_MID", value: String(id.rawValue)))
            fields.append((name: "MQTT_FLOW", value: "\(client.description)#\(id.rawValue)"))
        }
        if !topic.isEmpty { fields.append((name: "MQTT_TOPIC", value: topic)) }
        if packet == .publish { fields.append((name: "MQTT_SIZE", value: String(size))) }
        if let message { fields.append((name: "MQTT_MESSAGE", value: message)) }
        if let duration = outcome.duration {
            let microseconds = duration.wholeNanoseconds / 1000
            fields.append((name: "MQTT_DURATION_USEC", value: String(microseconds)))
        }
        if case .refused(let reason) = outcome {
            fields.append((name: "MQTT_REASON", value: reason.logText))
        }
        return fields
    }

    private func appendPublish(to line: inout String) {
        line += "qos=\(qos.rawValue) "
        if isDuplicate { line += "DUP " }
        if isRetained { line += "retained " }
        line += topic.escaped
        line += " \(size) B"
        if let message {
            line += "  message="
            line += message.escaped
        }
    }
}

extension HandshakeStep.Outcome {
    var text: String {
        switch self {
        case .none: ""
        case .onDisk(let time): "on disk in \(time.logText)"
        case .taken(let time): "taken in \(time.logText)"
        case .committed(let time): "committed by subscriber in \(time.logText)"
        case .done(let time): "done in \(time.logText)"
        case .delivered(let time): "delivered in \(time.logText)"
        case .repeated: "repeated"
        case .refused(let reason): "refused: \(reason.logText)"
        case .unknown: "unknown identifier"
        }
    }

    var duration: Duration? {
        switch self {
        case .onDisk(let time), .taken(let time), .committed(let time), .done(let time),
            .delivered(let time):
            time
        case .none, .repeated, .refused, .unknown: nil
        }
    }
}

extension ReasonCode {
    /// `0x97 Quota exceeded`.
    public var logText: String {
        let digits = String(rawValue, radix: 16, uppercase: true)
        return "0x\(digits.count < 2 ? "0" : "")\(digits) \(name)"
    }
}

extension Duration {
    /// `1.8 ms` below a second, `2.41 s` above.
    public var logText: String {
        let microseconds = max(0, wholeNanoseconds / 1000)
        if microseconds < 1_000_000 {
            let tenths = (microseconds + 50) / 100
            return "\(tenths / 10).\(tenths % 10) ms"
        }
        let hundredths = (microseconds + 5000) / 10_000
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) s"
    }
}

extension String {
    /// Appends `text`, and blanks behind it up to so many characters.
    fileprivate mutating func append(_ text: String, filledTo width: Int) {
        self += text
        // No text has more characters than bytes.
        let missing = width - (text.utf8.count < width ? text.count : width)
        if missing > 0 { self += String(repeating: " ", count: missing) }
    }

    /// Control characters as `\xNN`, so that a line stays one line and a terminal obeys nobody.
    public var escaped: String {
        if isPlain || unicodeScalars.allSatisfy({ !$0.isControl }) { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar.isControl {
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + (digits.count < 2 ? "0" : "") + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// No byte of it begins anything that has to be escaped.
    private var isPlain: Bool {
        let bytes = utf8.span
        for place in bytes.indices {
            switch bytes[place] {
            case 0..<0x20, 0x7f, 0xc2, 0xe2: return false
            default: continue
            }
        }
        return true
    }
}

extension Unicode.Scalar {
    /// C0, DEL and C1, which some terminals obey, and the two separators that end a line.
    fileprivate var isControl: Bool {
        switch value {
        case 0..<0x20, 0x7f...0x9f, 0x2028, 0x2029: true
        default: false
        }
    }
}
