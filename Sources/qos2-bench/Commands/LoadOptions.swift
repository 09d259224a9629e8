// SPDX-License-Identifier: Apache-2.0
//
// The options that the commands with load share, and how they are carried out and told.
import ArgumentParser
import Glibc
import MQTT
import Reactor

struct LoadOptions: ParsableArguments {
    @OptionGroup var broker: BrokerOptions

    @Option(help: "How many publishers.")
    var publishers = 10

    @Option(help: "How many subscribers.")
    var subscribers = 10

    @Option(
        help: ArgumentHelp(
            "pairs or shared.",
            discussion: """
                pairs: each publisher has a topic of its own, and each topic as many subscribers \
                as there are (at least one): 10 and 10 are ten pairs, 1 and 10 fan out, 100 and \
                10 fan in. shared: one topic, which all subscribers take.
                """))
    var topics = LoadPlan.Topics.pairs

    @Option(name: .shortAndLong, help: "The quality of service, 0 to 2.")
    var qos: UInt8 = 2

    @Option(help: "Bytes of each payload, at least \(Stamp.size).")
    var payload = 200

    @Option(
        help: ArgumentHelp(
            "Messages under way at once, for each publisher; the subscribers' Receive Maximum.",
            discussion: "A broker that announces a smaller Receive Maximum is obeyed."))
    var window = 100

    @Option(help: "Begins the client identifiers and topics; made up if not given.")
    var name: String?

    @Option(help: "Give up after so many seconds in which nothing has moved.")
    var patience = 10

    @Flag(help: "Draw latencies and throughput as text.")
    var histogram = false

    @Option(help: ArgumentHelp("Draw them as SVG.", valueName: "FILE"))
    var plot: String?

    @Flag(
        inversion: .prefixedNo, help: "Tell on the terminal how it goes; there by default.")
    var progress: Bool?

    func check() throws {
        try atLeastOne("--publishers", publishers)
        guard subscribers >= 0 else { throw ValidationError("--subscribers \(subscribers)") }
        guard qos <= 2 else { throw ValidationError("--qos \(qos): 0, 1 or 2") }
        guard (Stamp.size...LoadPlan.payloadMax).contains(payload) else {
            throw ValidationError(
                "--payload \(payload): \(Stamp.size) to \(LoadPlan.payloadMax) bytes")
        }
        guard (1...65_535).contains(window) else {
            throw ValidationError("--window \(window): 1 to 65535")
        }
        try atLeastOne("--patience", patience)
    }

    func plan(_ work: LoadPlan.Work) -> LoadPlan {
        var plan = LoadPlan(work: work, name: name ?? "bench-\(getpid())")
        plan.host = broker.host
        plan.port = broker.port
        plan.version = broker.version
        plan.publishers = publishers
        plan.subscribers = subscribers
        plan.topics = topics
        plan.qos = QoS(rawValue: qos)!
        plan.payload = payload
        plan.window = window
        plan.patience = .seconds(patience)
        plan.showsProgress = progress ?? (isatty(STDERR_FILENO) == 1)
        return plan
    }

    func perform(_ plan: LoadPlan) throws {
        let loop = try makeLoop()
        let service = LoadService(plan, loop, brokerPid: broker.pid)
        service.run()
        if let failure = service.failure {
            complain(failure.description)
            throw ExitCode(failure.isUnreachable ? Exit.unreachable : Exit.failed)
        }
        let report = service.report
        print(broker.json ? report.json : report.lines.joined(separator: "\n"))
        try draw(service, title: report.title)
        guard report.isKept else { throw ExitCode(Exit.notProved) }
    }
}

extension LoadOptions {
    private func draw(_ service: LoadService, title: String) throws {
        let (latencies, series) = (service.tally.latencies, service.series)
        let tickSeconds = LoadService.tickSeconds
        if histogram {
            let lines = TerminalPlot.lines(latencies, series, tickSeconds: tickSeconds)
            print(lines.joined(separator: "\n"))
        }
        guard let plot else { return }
        let drawing = VectorPlot(
            title: title, latencies: latencies, series: series, tickSeconds: tickSeconds)
        do throws(SystemError) {
            try write(drawing.text, to: plot)
        } catch {
            complain(error.description)
            throw ExitCode(Exit.failed)
        }
    }
}

extension LoadPlan.Topics: ExpressibleByArgument {}
