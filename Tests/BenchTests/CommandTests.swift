// SPDX-License-Identifier: Apache-2.0
//
// Arguments that no command takes, and what the ones that it takes become.
import ArgumentParser
import Testing

@testable import qos2_bench

@Suite struct CommandTests {
    @Test(arguments: [
        "run --window 0", "run --window 65536", "run --qos 3", "run --payload 23",
        "run --publishers 0", "run --subscribers -1", "run --messages 0", "run --rate 0",
        "run --seconds 0", "run --messages 5 --seconds 5", "run --mqtt-version 4",
        "run --topics some", "run --patience 0", "run --broker-pid 999999999",
        "fill --messages 10", "fill --name x", "drain --messages 10", "drain --name x",
        "verify", "verify --ledger a", "verify --database b", "soak --kill nobody",
        "soak --kills -1", "soak --publishers 0",
        "soak --interval 0",
    ])
    func whatCannotBeIsRefused(arguments: String) {
        #expect(exitCode(of: arguments) == 64)
    }

    @Test(arguments: [
        "run", "run -h ::1 -p 1885 -V 3.1.1 -q 1", "fill --name x --messages 10",
        "drain --name x --messages 10", "verify --ledger a --ledger b --database c --json",
        "soak --kill all --kills 5 --cuts 0 --seed 3 -V 5 --keep",
    ])
    func whatCanBeIsTaken(arguments: String) throws {
        _ = try BenchCommand.parseAsRoot(arguments.split(separator: " ").map(String.init))
    }

    @Test func aVerificationWithoutInputSaysSo() throws {
        var command = try BenchCommand.parseAsRoot(
            ["verify", "--ledger", "/nowhere/a", "--database", "/nowhere/b"])
        #expect(throws: ExitCode(66)) { try command.run() }
    }

    private func exitCode(of arguments: String) -> Int32? {
        do {
            _ = try BenchCommand.parseAsRoot(arguments.split(separator: " ").map(String.init))
            return nil
        } catch {
            return BenchCommand.exitCode(for: error).rawValue
        }
    }

    @Test func figuresAreRounded() {
        #expect(Decimals.text(1.005, 0) == "1")
        #expect(Decimals.text(0.0456, 2) == "0.05")
        #expect(Decimals.text(12.3456, 3) == "12.346")
        #expect(Decimals.text(-0.5, 1) == "-0.5")
        #expect(Decimals.text(-0.01, 1) == "0.0")
    }

    @Test func jsonIsOneLine() {
        var object = JSONObject()
        object.put("a", 1)
        object.put("b", "say \"x\\\"")
        object.put("c", ["p", "q"])
        object.put("d", 0.5)
        object.put("e", true)
        #expect(object.text == #"{"a":1,"b":"say \"x\\\"","c":["p","q"],"d":0.500,"e":true}"#)
    }
}
