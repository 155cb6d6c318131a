/// One computation, and how long each way to do it takes here.
package struct KernelComparison: Sendable, Encodable {
    /// What is computed.
    package let problem: String
    /// The way that is compiled in.
    package let standard: String
    /// The standard one, unless another is faster by more than chance.
    package let fastest: String
    /// The standard one's time over the fastest's: of their shortest times or the median over the rounds, whichever
    /// is less.
    package let gain: Double
    /// The shortest time of each, by its name: what else runs on the machine only adds to it.
    package let seconds: [String: Double]

    /// What is below it is noise.
    static let margin = 1.05
}

/// Ways to do one computation, run alternately, so that whatever else the machine does meets all of them.
struct KernelRace {
    /// A way by its name; the first is the standard one.
    typealias Entrant = (name: String, run: () -> Void)

    let problem: String
    let entrants: [Entrant]
    let rounds: Int
    /// Whether to give up early on what is far slower than the fastest.
    var prunes = true

    /// Shorter runs are repeated up to it, for clocks and schedulers are coarse.
    private static let shortest = 0.002

    func run() -> KernelComparison? {
        guard let standard = entrants.first else { return nil }
        // The first run compiles kernels and takes memory; the second decides who goes on.
        var kept: [Entrant] = [], first: [Double] = []
        for entrant in entrants {
            let once = Self.seconds(entrant.run)
            if prunes, let least = first.min(), once > 10 * least { continue }
            kept.append(entrant)
            first.append(Self.seconds(entrant.run))
        }
        let least = first.min() ?? 0
        let places = kept.indices.filter { $0 == 0 || !prunes || first[$0] <= 2 * least }
        let repeats = max(1, Int(Self.shortest / max(1e-9, least)))
        var times = kept.map { _ in [Double]() }
        for round in 0..<(places.count > 1 ? rounds : 0) {
            for place in round.isMultiple(of: 2) ? places : places.reversed() {
                times[place].append(Self.seconds { for _ in 0..<repeats { kept[place].run() } } / Double(repeats))
            }
        }
        let shortest = kept.indices.map { times[$0].min() ?? first[$0] }
        var fastest = 0, gain = KernelComparison.margin
        for place in places.dropFirst() {
            let rounds = Self.median(zip(times[0], times[place]).map { $0 / max(1e-9, $1) }) ?? 1
            let own = min(rounds, shortest[0] / max(1e-9, shortest[place]))
            if own > gain { (fastest, gain) = (place, own) }
        }
        return KernelComparison(
            problem: problem, standard: standard.name, fastest: kept[fastest].name, gain: fastest == 0 ? 1 : gain,
            seconds: Dictionary(zip(kept.map(\.name), shortest)) { first, _ in first })
    }

    private static func seconds(_ body: () -> Void) -> Double {
        let time = ContinuousClock().measure(body).components
        return Double(time.seconds) + 1e-18 * Double(time.attoseconds)
    }

    private static func median(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.sorted()[values.count / 2]
    }
}
