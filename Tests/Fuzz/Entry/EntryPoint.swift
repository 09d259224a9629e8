// SPDX-License-Identifier: Apache-2.0
//
// Where libFuzzer comes in. One program serves all targets, by the name under which it is called.
import Glibc

nonisolated(unsafe) private var target = FuzzTarget.packets
/// The bug that is to be found, from QOS2_FUZZ_PLANTED.
nonisolated(unsafe) private var planted: Planted?

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> Int32 {
    let path = String(cString: arguments.pointee[0])
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let named = FuzzTarget(rawValue: name) else {
        fatalError("no target is called \(name)")
    }
    target = named
    planted = getenv("QOS2_FUZZ_PLANTED").flatMap { Planted(rawValue: String(cString: $0)) }
    if getenv("QOS2_FUZZ_TRACE") != nil { tracer = { write(2, $0 + "\n", $0.utf8.count + 1) } }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    do throws(Breach) {
        try target.run(Array(UnsafeBufferPointer(start: bytes, count: count)), planted)
    } catch {
        fatalError("\(error)")
    }
    return 0
}
