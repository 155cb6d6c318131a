import ArgumentParser
import Concord

#if canImport(Glibc)
    import Glibc
#endif

struct RanksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ranks",
        abstract: "Measures the link between ranks (mpirun), or says what steps on many nodes would take.",
        discussion: """
            mpirun -n 2 concord-bench ranks exchanges tensors of growing size between neighbors and sums them over all \
            ranks; the line through the exchanges' times gives latency and bandwidth. --model prints the scaling model's \
            table in place of it, for CLIP's RN50 and ViT-B/32 on nodes of --rate, linked by --latency and --bandwidth.
            """)

    @Flag(help: "Print the scaling model's table; measure nothing.") var model = false
    @Option(help: ArgumentHelp("With --model: a node's rate, in units of 10^12 operations a second.")) var rate = 4.0
    @Option(help: ArgumentHelp("With --model: a message's latency.", valueName: "microseconds")) var latency = 20.0
    @Option(help: ArgumentHelp("With --model: the link's bandwidth.", valueName: "Gbit/s")) var bandwidth = 25.0
    @OptionGroup var options: BenchOptions

    func run() throws {
        options.apply()
        if model { return print(ScalingTable(rate: rate * 1e12, link: modelLink).text) }
        guard Communicator.launchedCount != nil else {
            throw ValidationError("start it by mpirun -n 2 concord-bench ranks, or give --model")
        }
        let ranks = try Communicator.mpi()
        defer { ranks.finish() }
        let found = measure(ranks)
        guard ranks.rank == 0 else { return }
        if options.json { return print(try JSON.text(found)) }
        print("bytes".right(12) + "exchange".right(14) + "sum".right(14))
        for size in found.sizes {
            print(
                "\(size.bytes)".right(12) + (1e6 * size.exchange).decimals(1).right(11) + " us"
                    + (1e6 * size.sum).decimals(1).right(11) + " us")
        }
        print(
            "\n\(ranks.count) ranks by \(ranks.library): latency \((1e6 * found.link.latency).decimals(1)) us, bandwidth "
                + "\((found.link.bandwidth / 1e9).decimals(2)) GB/s (\((found.link.bandwidth * 8e-9).decimals(2)) Gbit/s) "
                + "in each direction")
    }

    private var modelLink: Link { Link(latency: latency * 1e-6, bandwidth: bandwidth * 1e9 / 8) }

    private struct Found: Codable {
        struct Size: Codable {
            let bytes: Int
            /// Seconds, medians.
            let exchange: Double, sum: Double
        }

        let sizes: [Size]
        let link: Link
    }

    private func measure(_ ranks: Communicator) -> Found {
        let next = (ranks.rank + 1) % ranks.count, last = (ranks.rank + ranks.count - 1) % ranks.count
        let sizes = stride(from: 8, through: 24, by: 2).map { power -> Found.Size in
            let count = 1 << power, x = Tensor(ones: [count]), repeats = power > 20 ? 5 : 15
            func median(_ body: () -> Void) -> Double {
                let times = (0..<repeats + 1).map { _ in
                    ranks.barrier()
                    return Timing.seconds(body)
                }
                return ranks.largest([Timing(Array(times.dropFirst())).median])[0]
            }
            return Found.Size(
                bytes: 4 * count,
                exchange: median { _ = ranks.startExchange(x, to: next, from: last, shape: [count]).wait() },
                sum: median { _ = ranks.sum(x) })
        }
        return Found(sizes: sizes, link: Link(fitting: sizes.map { (Double($0.bytes), $0.exchange) }))
    }
}
