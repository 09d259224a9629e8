// SPDX-License-Identifier: Apache-2.0
// The network of the world: connections are made, bytes move after a delay and in pieces, ends are
// seen late, and a cut loses whatever was under way.
import MQTT

extension World {
    func dial(from client: Node) {
        let link = Link(id: links.count, client: client, roomMax: scenario.roomMax)
        link.owners[End.client.rawValue] = client.life
        links.append(link)
        schedule(.reaches(link: link.id), after: random.delay(20, 5_000))
    }

    /// The connection comes to the broker.
    func reaches(_ link: Link) {
        if link.isOpen(at: .client), let process = broker.process {
            link.owners[End.broker.rawValue] = broker.life
            link.isReached = true
            see(.opened(link: link.id))
            process.opened(link)
        }
        schedule(.answered(link: link.id), after: random.delay(20, 5_000))
    }

    func answered(_ link: Link) {
        guard let life = link.owners[End.client.rawValue], life == link.client.life,
            let process = link.client.process
        else { return }
        if link.isReached {
            link.isAnswered = true
            process.opened(link)
            let pipe = link.pipes[End.client.rawValue]
            if !pipe.flying.isEmpty || pipe.hasEnd { move(link, to: .client) }
        } else {
            link.owners[End.client.rawValue] = nil
            process.notReached()
        }
    }

    /// How many bytes the connection takes now.
    func room(_ link: Link, from end: End) -> Int {
        guard let roomMax = link.roomMax else { return .max }
        return max(0, roomMax - link.pipes[end.other.rawValue].flying.count)
    }

    func write(_ written: [UInt8], on link: Link, from end: End) {
        let bytes = filter?.rewrite(written, on: link, from: end) ?? written
        link.leaving[end.rawValue].append(bytes[...])
        do throws(DecodeError) {
            for packet in try link.leaving[end.rawValue].take(from: end.role) {
                see(.left(link: link.id, from: end, packet))
            }
        } catch {
            fail("protocol", "\(end) wrote what cannot be read: \(error)")
        }
        // What is written behind a cut goes nowhere.
        guard !link.pipes[end.other.rawValue].hasEnd else { return }
        link.pipes[end.other.rawValue].flying += bytes
        move(link, to: end.other)
    }

    /// One end closes: the other sees it behind the bytes that fly.
    func close(_ link: Link, at end: End) {
        guard link.isOpen(at: end) else { return }
        see(.closed(link: link.id, end))
        link.owners[end.rawValue] = nil
        link.pipes[end.rawValue] = Pipe(hasEnd: true)
        link.pipes[end.other.rawValue].hasEnd = true
        move(link, to: end.other)
    }

    /// The connection is gone at some byte, and each end learns of it when it does.
    func cut(_ link: Link) {
        see(.cut(link: link.id))
        for end in [End.client, .broker] {
            let flying = link.pipes[end.rawValue].flying.count
            link.pipes[end.rawValue].flying.removeLast(random.upTo(flying))
            link.pipes[end.rawValue].hasEnd = true
            move(link, to: end, slowly: random.chance(oneIn: 4))
        }
    }

    private func move(_ link: Link, to end: End, slowly: Bool = false) {
        guard !link.pipes[end.rawValue].isMoving else { return }
        link.pipes[end.rawValue].isMoving = true
        schedule(
            .arrival(link: link.id, end),
            after: slowly ? random.delay(1_000_000, 40_000_000) : random.delay(10, 3_000))
    }

    func arrival(_ link: Link, at end: End) {
        let place = end.rawValue
        link.pipes[place].isMoving = false
        guard end == .broker || link.isAnswered else { return }
        guard let life = link.owners[place] else { return }
        let node = end == .client ? link.client : broker
        guard let process = node.process, node.life == life else { return }
        let flying = link.pipes[place].flying.count
        if flying > 0 {
            let count = random.chance(oneIn: 3) ? 1 + random.upTo(flying - 1) : flying
            deliver(count, of: link, to: end)
            process.received(link)
            if link.isOpen(at: end.other) { writable(link, at: end.other) }
        }
        guard link.isOpen(at: end) else { return }
        if !link.pipes[place].flying.isEmpty {
            move(link, to: end)
        } else if link.pipes[place].hasEnd {
            link.owners[place] = nil
            see(.closed(link: link.id, end))
            process.closed(link)
        }
    }

    private func deliver(_ count: Int, of link: Link, to end: End) {
        let place = end.rawValue
        let bytes = link.pipes[place].flying.prefix(count)
        link.arriving[place].append(bytes)
        link.pipes[place].arrived += bytes
        link.pipes[place].flying.removeFirst(count)
        do throws(DecodeError) {
            for packet in try link.arriving[place].take(from: end.other.role) {
                see(.arrived(link: link.id, at: end, packet))
            }
        } catch {
            fail("protocol", "what came to \(end) cannot be read: \(error)")
        }
    }

    private func writable(_ link: Link, at end: End) {
        guard link.roomMax != nil else { return }
        let node = end == .client ? link.client : broker
        guard node.life == link.owners[end.rawValue] else { return }
        node.process?.writable(link)
    }
}

extension End {
    var role: Role { self == .client ? .client : .server }
}
