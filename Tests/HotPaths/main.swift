// SPDX-License-Identifier: Apache-2.0
// Drives the engine along one of its hot paths, without sockets, clock or chance: each run executes
// the same instructions, which Tests/BudgetTests has counted.
import Glibc

guard CommandLine.arguments.count >= 3, let path = HotPath(rawValue: CommandLine.arguments[1]),
    let total = Int(CommandLine.arguments[2])
else {
    let names = HotPath.allCases.map(\.rawValue).joined(separator: "|")
    print("usage: HotPaths \(names) COUNT [--planted]")
    exit(64)
}
let isPlanted = CommandLine.arguments.contains("--planted")
if path == .connecting {
    comeAndGo(total, isPlanted: isPlanted)
} else {
    exchange(total, path.load, isPlanted: isPlanted)
}

/// So many messages from one publisher to its subscribers.
func exchange(_ total: Int, _ load: HotPath.Load, isPlanted: Bool) {
    var turns = Turns(links: 1 + load.subscribers, isPlanted: isPlanted)
    for place in turns.links.indices {
        turns.links[place].input += Clients.connect(place, isDurable: load.isDurable)
        if place > 0 { turns.links[place].input += Clients.subscribe(load.qos) }
    }
    // The answers, and the batch that they wait for.
    for _ in 0..<3 { turns.turn() }
    var clients = Clients(load, total: total)
    while !clients.isDone {
        for place in turns.links.indices { clients.answer(&turns.links[place]) }
        clients.publish(to: &turns.links[0].input)
        turns.turn()
    }
}

/// So many connections, one after the other.
func comeAndGo(_ total: Int, isPlanted: Bool) {
    var turns = Turns(links: 1, isPlanted: isPlanted)
    for _ in 0..<total {
        turns.links[0].input += Clients.connect(0, isDurable: false)
        turns.turn()
        turns.links[0].output.removeAll(keepingCapacity: true)
        turns.links[0].input += [0xE0, 0]
        turns.turn()
        turns.turn()
    }
}
