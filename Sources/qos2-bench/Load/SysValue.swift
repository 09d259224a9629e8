// SPDX-License-Identifier: Apache-2.0
//
// What a broker tells of itself under `$SYS`.

/// The first value of `topic` that is good enough. `patience` is the seconds that the broker may be
/// silent.
func sysValue(
    _ topic: String, port: UInt16, patience: Int, _ isEnough: (Double) -> Bool = { _ in true }
) throws(LoadFailure) -> Double {
    var value: Double?
    let client = try BlockingClient(
        "asking", port: port, patience: patience, cleanStart: true, expiry: 0
    ) { _, payload in
        value = Double(String(decoding: payload.indices.map { payload[$0] }, as: UTF8.self))
    }
    try client.subscribe([topic])
    try client.readUntil { value.map(isEnough) ?? false }
    guard let value else { throw .unexpected("asking", "no number on \(topic)") }
    return value
}
