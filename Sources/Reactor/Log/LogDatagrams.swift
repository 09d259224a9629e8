// SPDX-License-Identifier: Apache-2.0
//
// Log lines as bytes for programs: journald's native protocol with all fields, and syslog's form.

import Glibc

/// A line as journald's native protocol wants it: `NAME=value\n`, and where the value has a line
/// break, `NAME\n`, its length in eight little-endian bytes, the value, `\n`.
struct JournalDatagram {
    private(set) var bytes: [UInt8] = []

    init(_ line: LogLine, identifier: String) {
        bytes.reserveCapacity(line.message.utf8.count + 64 + line.fields.count * 32)
        add("MESSAGE", line.message)
        add("PRIORITY", "\(line.priority.rawValue)")
        add("SYSLOG_IDENTIFIER", identifier)
        if !line.kind.isEmpty {
            // The journal writes identifiers without the dashes that a UUID has elsewhere.
            add("MESSAGE_ID", String(line.kind.filter { $0 != "-" }).lowercased())
        }
        for field in line.fields { add(field.name, field.value) }
    }

    private mutating func add(_ name: String, _ value: String) {
        bytes += name.utf8
        if value.utf8.contains(UInt8(ascii: "\n")) {
            bytes.append(UInt8(ascii: "\n"))
            withUnsafeBytes(of: UInt64(value.utf8.count).littleEndian) { bytes += $0 }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes += value.utf8
        bytes.append(UInt8(ascii: "\n"))
    }
}

/// A line as a local syslog wants it: `<30>Nov 25 22:10:48 qos2-broker[812]: …`. The name of the
/// month is English in every locale, because no locale is ever set.
struct SyslogDatagram {
    let bytes: [UInt8]

    init(
        _ line: LogLine, facility: Int, program: String, at nanoseconds: Int64? = nil,
        process: Int32 = getpid()
    ) {
        let time = LogText.formatted("%b %e %H:%M:%S", nanoseconds ?? wallClockNanoseconds())
        let priority = facility * 8 + Int(line.priority.rawValue)
        bytes =
            Array("<\(priority)>\(time) \(program)[\(process)]: ".utf8)
            + LogText.oneLine(line.message)
    }
}
