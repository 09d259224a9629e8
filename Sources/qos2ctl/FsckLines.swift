// SPDX-License-Identifier: Apache-2.0
// One file and one record of a journal as lines in aligned columns.
import BrokerCore
import ClientCore
import Journal

struct FileLine {
    let text: String

    init(_ file: Inspection.File) {
        var parts = [file.name.padded(36), "\(file.size)".padded(-11) + " B"]
        let (word, why) = Self.judgement(of: file)
        parts.append(word.padded(10))
        if let batches = file.batches {
            parts.append("batches \(batches.lowerBound) to \(batches.upperBound)")
        }
        if let epoch = file.epoch { parts.append("epoch \(epoch)") }
        if file.records > 0 { parts.append("\(file.records) records") }
        if !why.isEmpty { parts.append(why) }
        text = parts.joined(separator: "  ").trimmed
    }

    private static func judgement(of file: Inspection.File) -> (word: String, why: String) {
        switch file.condition {
        case .sound: ("sound", "")
        case .torn(let bytes):
            ("torn", "\(bytes) B behind the last commit were never acknowledged")
        case .superseded: ("superseded", "a checkpoint holds it")
        case .blank: ("blank", "")
        case .foreign: ("other", file.name.hasPrefix("spare") ? "for the next segment" : "")
        case .damaged(let why): ("DAMAGED", why)
        }
    }
}

struct RecordLine {
    let text: String

    init(_ record: Record, _ bytes: Span<UInt8>, file: String, batch: UInt64) {
        let words =
            FactText.words(record, bytes) ?? OutboxFact.words(record, bytes)
            ?? ("kind \(record.kind)", "\(record.content.count) B")
        let place = batch == 0 ? "-" : "\(batch)"
        text =
            [file.padded(36), place.padded(-8), words.name.padded(14), words.text]
            .joined(separator: "  ").trimmed
    }
}

extension String {
    /// To so many columns; a negative number puts the spaces in front.
    fileprivate func padded(_ width: Int) -> String {
        let spaces = String(repeating: " ", count: max(0, abs(width) - count))
        return width < 0 ? spaces + self : self + spaces
    }

    fileprivate var trimmed: String {
        String(reversed().drop { $0 == " " }.reversed())
    }
}
