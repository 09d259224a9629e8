// SPDX-License-Identifier: Apache-2.0
//
// Epoll and the table of what each descriptor is for. Epoll data holds descriptor and generation: an
// event for a descriptor that was closed, or closed and given out again, in the same batch is
// recognised here and dropped, so nobody above has to think of it.

import CEpoll
import Glibc

/// What a descriptor is for: a kind and an index into that kind's table.
struct Source: Equatable {
    enum Kind: UInt32 {
        case none = 0
        case listener
        case stream
        case wakeup
        case resolution
        case signals
        case alarm
    }

    private var raw: UInt32

    init(_ kind: Kind, _ index: Int = 0) {
        precondition(index >= 0 && index < 1 << 28)
        raw = kind.rawValue << 28 | UInt32(truncatingIfNeeded: index)
    }

    var kind: Kind { Kind(rawValue: raw >> 28)! }
    var index: Int { Int(raw & 0x0FFF_FFFF) }
}

/// What a descriptor is ready for, or waited for.
struct Interest: OptionSet {
    let rawValue: UInt32

    static let input = Interest(rawValue: cepoll_in)
    static let output = Interest(rawValue: cepoll_out)
    static let error = Interest(rawValue: cepoll_err)
    static let hangup = Interest(rawValue: cepoll_hup)
    /// The peer's last byte has come, read or not.
    static let peerEnd = Interest(rawValue: cepoll_rdhup)
    /// Not a readiness: each news is told once, instead of at each wait for as long as it holds, for
    /// which the kernel would look at the descriptor in each wait. `change` tells anew what holds.
    static let once = Interest(rawValue: cepoll_once)
}

struct Epoll: ~Copyable {
    /// Descriptors at or above this are refused; it is systemd's usual hard limit twice over.
    static let descriptorsMax = 1 << 20
    private static let eventsMax = 512

    private struct Registration: BitwiseCopyable {
        var generation: UInt32
        var source: Source
    }

    private let descriptor: OwnedDescriptor
    private let registrations: Slab<Registration>
    private let events: UnsafeMutableRawPointer
    private let waitsInNanoseconds: Bool

    init() throws(SystemError) {
        let epoll = try OwnedDescriptor(cepoll_create(), "epoll_create")
        registrations = try Slab(capacity: Self.descriptorsMax)
        events = .allocate(byteCount: Self.eventsMax * Int(cepoll_event_size), alignment: 16)
        // Absent before Linux 5.11, and some containers' filters refuse it.
        waitsInNanoseconds =
            cepoll_wait_nanoseconds(epoll.raw, events, Int32(Self.eventsMax), 0) >= 0
        descriptor = epoll
    }

    deinit {
        registrations.deallocate()
        events.deallocate()
    }

    /// Starts a new generation of this descriptor.
    func add(_ fd: Int32, _ interest: Interest, _ source: Source) throws(SystemError) {
        guard fd < Self.descriptorsMax else {
            throw SystemError(operation: "epoll_ctl", subject: "descriptor \(fd)", errno: EMFILE)
        }
        registrations[Int(fd)].generation &+= 1
        registrations[Int(fd)].source = source
        let result = cepoll_control(
            descriptor.raw, cepoll_add, fd, interest.rawValue, token(of: fd))
        guard result == 0 else {
            throw SystemError(operation: "epoll_ctl", subject: "descriptor \(fd)")
        }
    }

    func change(_ fd: Int32, _ interest: Interest) {
        let result = cepoll_control(
            descriptor.raw, cepoll_mod, fd, interest.rawValue, token(of: fd))
        precondition(result == 0, "epoll_ctl modify \(fd): errno \(errno)")
    }

    /// Ends this generation. `close` of the descriptor must follow at once, and takes it out of the
    /// kernel's set where nobody else holds the same socket.
    func forget(_ fd: Int32) {
        registrations[Int(fd)].generation &+= 1
        registrations[Int(fd)].source = Source(.none)
    }

    /// As `forget`, for a descriptor that somebody else holds too, or that stays open.
    func remove(_ fd: Int32) {
        _ = cepoll_control(descriptor.raw, cepoll_del, fd, 0, 0)
        forget(fd)
    }

    /// Waits for events; `nil` waits for ever. The answer is how many there are.
    func wait(nanoseconds: Int64?) -> Int {
        let count: Int32
        if waitsInNanoseconds {
            count = cepoll_wait_nanoseconds(
                descriptor.raw, events, Int32(Self.eventsMax), nanoseconds ?? -1)
        } else {
            // Rounded up: waking before the deadline would spin until it is due.
            let milliseconds = nanoseconds.map { min(($0 + 999_999) / 1_000_000, 3_600_000) } ?? -1
            count = cepoll_wait(
                descriptor.raw, events, Int32(Self.eventsMax), Int32(milliseconds))
        }
        precondition(count >= 0 || errno == EINTR, "epoll_wait: errno \(errno)")
        return max(0, Int(count))
    }

    /// An event of the last wait; `nil` where its descriptor has been closed since.
    func event(_ index: Int) -> (source: Source, ready: Interest)? {
        let token = cepoll_event_token(events, Int32(index))
        let registration = registrations[Int(token & 0xFFFF_FFFF)]
        guard registration.generation == UInt32(token >> 32) else { return nil }
        return (registration.source, Interest(rawValue: cepoll_event_mask(events, Int32(index))))
    }

    private func token(of fd: Int32) -> UInt64 {
        UInt64(registrations[Int(fd)].generation) << 32 | UInt64(fd)
    }
}
