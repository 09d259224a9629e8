// SPDX-License-Identifier: Apache-2.0
//
// Payloads that are readings, equal to what was sent, and payloads that are none, with the reason.
import Testing

@testable import database_subscriber

@Suite struct ReadingTests {
    private func parse(_ payload: String) throws(PayloadError) -> Reading {
        try Reading(parsing: payload.utf8Span.span)
    }

    private func refusal(_ payload: [UInt8]) -> String? {
        do throws(PayloadError) {
            _ = try Reading(parsing: payload.span)
            return nil
        } catch {
            return error.description
        }
    }

    private func with(_ field: String, _ value: String) -> String {
        var fields = [
            "stream": #""plc-line1""#, "seq": "1042", "ts": #""2026-11-23T18:40:00.123Z""#,
            "temperature": "24.71", "pressure": "1.42",
        ]
        fields[field] = value
        return "{" + fields.map { #""\#($0.key)":\#($0.value)"# }.joined(separator: ",") + "}"
    }

    @Test func theSimulatorsPayloadIsAReading() throws {
        let reading = try parse(reading(1042))
        #expect(reading.message == line1(1042))
        #expect(reading.ts == "2026-11-23T18:40:00.123Z")
        #expect(reading.temperature == 24.71)
        #expect(reading.pressure == 1.42)
        #expect(reading.fields == nil)
    }

    @Test func orderAndWhiteSpaceDoNotMatter() throws {
        let payload = """

            { "pressure" : 1, "temperature":\t-2e1 ,"ts":"2026-11-23 18:40",\r
              "seq":0, "stream":"a/b" }\n
            """
        let reading = try parse(payload)
        #expect(reading.message == MessageID(stream: "a/b", seq: 0))
        #expect(reading.temperature == -20)
        #expect(reading.pressure == 1)
    }

    @Test func escapesAreResolved() throws {
        let payload = with("stream", #""\u0070lc\u00e9 \"\\\/ \ud83d\ude00 ü😀""#)
        #expect(try parse(payload).message.stream == "plcé \"\\/ 😀 ü😀")
        #expect(
            try parse(with("stream", #""a""#).replacing("\"seq\"", with: #""\u0073eq""#)).message
                == MessageID(stream: "a", seq: 1042))
    }

    @Test func furtherFieldsAreKeptAsSent() throws {
        let payload = """
            {"unit":"m\\u00fc","seq":1,"stream":"s","ts":"2026-11-23T18:40:00Z","a":1.50,
             "temperature":1,"n":null,"deep": { "x": [1, "two  [} \\" ", {}], "y" : 1e400 },
             "pressure":2,"wide key\\n":true}
            """
        #expect(
            try parse(payload).fields
                == #"{"unit":"m\u00fc","a":1.50,"n":null,"#
                + #""deep":{"x":[1,"two  [} \" ",{}],"y":1e400},"wide key\n":true}"#)
    }

    @Test func everyRefusalHasItsReason() {
        let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        let crowd = (0..<252).map { #""f\#($0)":0"# }.joined(separator: ",")
        let table: [(payload: String, reason: String)] = [
            ("", "payload is empty"),
            (" ", "payload is not JSON: it ends early"),
            ("hello", "payload is not JSON: expected '{' at byte 0"),
            ("[]", "payload is not JSON: expected '{' at byte 0"),
            ("\u{feff}{}", "payload is not JSON: expected '{' at byte 0"),
            ("{", "payload is not JSON: it ends early"),
            (#"{"stream":"#, "payload is not JSON: it ends early"),
            (#"{"stream":"a"#, "payload is not JSON: it ends early"),
            (#"{"stream":"a\"#, "payload is not JSON: it ends early"),
            (#"{"stream" "a"}"#, "payload is not JSON: expected ':' at byte 10"),
            (#"{"a":1 "b":2}"#, "payload is not JSON: expected ',' or '}' at byte 7"),
            (#"{"a":1,}"#, "payload is not JSON: expected a string at byte 7"),
            (#"{a:1}"#, "payload is not JSON: expected a string at byte 1"),
            (#"{"a":[1 2]}"#, "payload is not JSON: expected ',' or ']' at byte 8"),
            (#"{"a":[1,]}"#, "payload is not JSON: expected a value at byte 8"),
            (#"{"a":tru}"#, "payload is not JSON: expected 'true' at byte 8"),
            (#"{"a":NaN}"#, "payload is not JSON: expected a value at byte 5"),
            (#"{"a":01}"#, "payload is not JSON: expected ',' or '}' at byte 6"),
            (#"{"a":+1}"#, "payload is not JSON: expected a value at byte 5"),
            (#"{"a":.5}"#, "payload is not JSON: expected a value at byte 5"),
            (#"{"a":5.}"#, "payload is not JSON: expected a digit at byte 7"),
            (#"{"a":1e}"#, "payload is not JSON: expected a digit at byte 7"),
            (#"{"a":-}"#, "payload is not JSON: expected a digit at byte 6"),
            (#"{"a":"\x"}"#, "payload is not JSON: expected an escape at byte 7"),
            (#"{"a":"\u12g4"}"#, "payload is not JSON: expected a hexadecimal digit at byte 10"),
            (
                "{\"a\":\"\n\"}",
                "payload is not JSON: expected no control character in a string at byte 6"
            ),
            (#"{"a":"\ud800"}"#, "payload has half a surrogate pair at byte 6"),
            (#"{"a":"\udc00"}"#, "payload has half a surrogate pair at byte 6"),
            (#"{"a":"\ud800\n"}"#, "payload has half a surrogate pair at byte 6"),
            ("{\"a\":\(deep)}", "payload is nested deeper than 32 levels"),
            (
                "\(reading(1))x",
                "payload is not JSON: expected nothing after the object at byte 98"
            ),
            (#"{"a":1,"\u0061":2}"#, "field \"a\" is there twice"),
            (#"{"seq":1,"seq":1}"#, "field \"seq\" is there twice"),
            (with("x", "0,\(crowd)"), "payload has more than 256 fields"),
            ("{}", "field \"stream\" is missing"),
            (#"{"stream":"a"}"#, "field \"seq\" is missing"),
            (#"{"stream":"a","seq":1}"#, "field \"ts\" is missing"),
            (
                #"{"stream":"a","seq":1,"ts":"2026-11-23T18:40Z"}"#,
                "field \"temperature\" is missing"
            ),
            (
                #"{"stream":"a","seq":1,"ts":"2026-11-23T18:40Z","temperature":1}"#,
                "field \"pressure\" is missing"
            ),
            (with("stream", "1"), "field \"stream\" is not a text"),
            (with("stream", "null"), "field \"stream\" is not a text"),
            (with("stream", #""""#), "field \"stream\" is empty"),
            (with("stream", #""a\u0000b""#), "field \"stream\" has a control character"),
            (with("stream", #""a\nb""#), "field \"stream\" has a control character"),
            (
                with("stream", "\"\(String(repeating: "a", count: 257))\""),
                "field \"stream\" is longer than 256 bytes"
            ),
            (with("seq", #""1""#), "field \"seq\" is not a whole number"),
            (with("seq", "1.0"), "field \"seq\" is not a whole number"),
            (with("seq", "1e3"), "field \"seq\" is not a whole number"),
            (with("seq", "-1"), "field \"seq\" is not in 0…9223372036854775807"),
            (with("seq", "-0"), "field \"seq\" is not in 0…9223372036854775807"),
            (
                with("seq", "9223372036854775808"),
                "field \"seq\" is not in 0…9223372036854775807"
            ),
            (with("ts", "1795459200"), "field \"ts\" is not a text"),
            (with("ts", #""yesterday""#), "field \"ts\" is not a date and time by ISO 8601"),
            (with("temperature", #""24.71""#), "field \"temperature\" is not a number"),
            (with("temperature", "null"), "field \"temperature\" is not a number"),
            (
                with("temperature", "1e999"),
                "field \"temperature\" is not in the range of a 64-bit float"
            ),
            (with("pressure", "true"), "field \"pressure\" is not a number"),
            (with("pressure", "[1]"), "field \"pressure\" is not a number"),
        ]
        for (payload, reason) in table {
            #expect(refusal([UInt8](payload.utf8)) == reason, "\(payload.prefix(60))")
        }
        #expect(refusal([0x7b, 0x22, 0xc3, 0x28]) == "payload is not UTF-8 (byte 2)")
        #expect(refusal([0xed, 0xa0, 0x80]) == "payload is not UTF-8 (byte 0)")
    }

    @Test func aReasonIsOneLineWhateverTheSenderWrote() {
        let name = #"\u001b[2J\n"# + String(repeating: "x", count: 100)
        let reason = refusal([UInt8](#"{"\#(name)":1,"\#(name)":2}"#.utf8))
        #expect(reason?.contains("\u{1b}") == false)
        #expect(reason?.contains("\n") == false)
        #expect(reason?.hasPrefix(#"field "\u001b[2J\nxxx"#) == true)
        #expect((reason?.count ?? 0) < 80)
    }

    @Test func theLargestSequenceNumberIsARow() throws {
        #expect(try parse(with("seq", "9223372036854775807")).message.seq == .max)
    }

    @Test func noPrefixOfAReadingIsOne() throws {
        let whole = [UInt8](with("x", #"{"a":[1,-2.5e3,true,"\u00fc"]}"#).utf8)
        #expect(refusal(whole) == nil)
        for count in whole.indices {
            #expect(refusal([UInt8](whole[..<count])) != nil, "\(count) bytes")
        }
    }

    /// No byte may trap: what is not a reading is refused.
    @Test func changedBytesAreRefusedOrRead() {
        var random = Random(state: 42)
        let whole = [UInt8](with("x", #"{"a":[1,-2.5e3,true,"\ud83d\ude00"]}"#).utf8)
        var refused = 0
        for _ in 0..<50_000 {
            var bytes = whole
            for _ in 0...Int.random(in: 0..<3, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(
                    in: 0...255, using: &random)
            }
            refused += refusal(bytes) == nil ? 0 : 1
        }
        #expect(refused > 10_000)
        #expect(refused < 50_000)
    }
}

@Suite struct NumberTests {
    private func parsed(_ number: String) throws -> Double {
        let payload = reading(1, temperature: number)
        return try Reading(parsing: payload.utf8Span.span).temperature
    }

    /// Every finite double, written as Swift or any other shortest printer writes it, comes back.
    @Test func everyDoubleComesBackEqual() throws {
        var random = Random(state: 7)
        for _ in 0..<20_000 {
            let double = Double(bitPattern: random.next())
            guard double.isFinite else {
                continue
            }
            #expect(try parsed("\(double)").bitPattern == double.bitPattern)
        }
    }

    @Test func decimalsAreRoundedAsTheStandardLibraryRounds() throws {
        var random = Random(state: 8)
        for _ in 0..<20_000 {
            let digits = Int.random(in: 0...22, using: &random)
            var text = Bool.random(using: &random) ? "-" : ""
            text += "\(random.next() >> UInt64.random(in: 0..<64, using: &random))"
            if digits > 0 {
                text += "."
                for _ in 0..<digits {
                    text += "\(Int.random(in: 0...9, using: &random))"
                }
            }
            #expect(try parsed(text).bitPattern == Double(text)?.bitPattern, "\(text)")
        }
    }

    @Test func theEdges() throws {
        #expect(try parsed("-0.0").bitPattern == (-0.0).bitPattern)
        #expect(try parsed("0").bitPattern == (0.0).bitPattern)
        #expect(try parsed("9007199254740993") == 9_007_199_254_740_992)
        #expect(try parsed("1.7976931348623157e308") == .greatestFiniteMagnitude)
        #expect(try parsed("5e-324") == .leastNonzeroMagnitude)
        #expect(try parsed("1e-999") == 0)
        #expect(try parsed("1E+2") == 100)
        #expect(try parsed("0.\(String(repeating: "0", count: 400))1") == 0)
    }

    @Test func theFileGivesBackTheSameBits() throws {
        let folder = try Folder()
        let store = try folder.store()
        var random = Random(state: 9)
        var sent: [Double] = [-0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 24.71]
        for _ in 0..<1_000 {
            let double = Double(bitPattern: random.next())
            sent.append(double.isFinite ? double : 1)
        }
        for (seq, double) in sent.enumerated() {
            _ = try store.publish(nil, reading(Int64(seq), temperature: "\(double)"))
        }
        _ = try store.commit()
        let database = try Schema.openForReading(folder.file)
        let rows = try StoredRow.last(2_000, in: database)
        // A file keeps -0.0 as 0.0: SQLite stores whole numbers in REAL columns as integers.
        #expect(rows.map(\.temperature) == sent)
    }
}
