// SPDX-License-Identifier: Apache-2.0
//
// One event, one line: what a program has to say, before anybody decides where and how it is shown.

/// The kernel's and syslog's eight levels.
package enum Priority: UInt8, Comparable, CaseIterable, Sendable {
    case emergency = 0
    case alert
    case critical
    case error
    case warning
    case notice
    case information
    case debug

    package static func < (left: Priority, right: Priority) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Any of the eight levels.
package struct Priorities: Equatable, Sendable {
    private var bits: UInt8 = 0

    package init() {}

    /// This one and all that are more urgent.
    package static func through(_ priority: Priority) -> Priorities {
        var priorities = Priorities()
        for more in Priority.allCases where more <= priority { priorities.insert(more) }
        return priorities
    }

    package func contains(_ priority: Priority) -> Bool { bits & (1 << priority.rawValue) != 0 }

    package mutating func insert(_ priority: Priority) { bits |= 1 << priority.rawValue }
}

/// What a line is about, for its colour on a terminal.
package enum Tint: Sendable {
    case plain
    case incoming
    case outgoing
    /// Repeats and retries.
    case warning
    /// Drops and errors.
    case failure
}

/// A structured field, shown by the journal: `MQTT_CLIENT=plc-line1`. Names are upper case.
package struct LogField: Equatable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

package struct LogLine: Equatable, Sendable {
    package var priority: Priority
    /// One line. A step begins it: `[1/4] recv PUBLISH  plc-line1  mid=17 …`.
    package var message: String
    package var fields: [LogField]
    /// A UUID that names the kind of event, catalogued for `journalctl -x`; empty for none.
    package var kind: String
    package var tint: Tint

    package init(
        _ priority: Priority, _ message: String, kind: String = "", tint: Tint = .plain,
        fields: [LogField] = []
    ) {
        self.priority = priority
        self.message = message
        self.kind = kind
        self.tint = tint
        self.fields = fields
    }
}
