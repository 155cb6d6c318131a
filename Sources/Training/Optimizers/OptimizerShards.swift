import ConcordCommunication
import ConcordLayers
import ConcordTensors

/// Which rank keeps the state of which parameter, and the exchange of what the others need of it.
///
/// - Source: Rajbhandari, Rasley, Ruwase, He 2020, arXiv:1910.02054 (ZeRO), stage 1. Theirs cuts one long vector; here a
///   parameter belongs to one rank as a whole, so that norms of parameters (LARS, LAMB) need no further sum.
final class OptimizerShards {
    var ranks = Communicator.single
    private var owners: [Int] = []

    /// Deals parameters out, the largest first, each to the rank with the fewest elements so far.
    func deal(_ counts: [Int]) {
        guard !ranks.isAlone else { return }
        var load = [Int](repeating: 0, count: ranks.count)
        owners = Array(repeating: 0, count: counts.count)
        for place in counts.indices.sorted(by: { (counts[$0], $1) > (counts[$1], $0) }) {
            let owner = load.indices.min { load[$0] < load[$1] } ?? 0
            owners[place] = owner
            load[owner] += counts[place]
        }
    }

    /// Whether this rank keeps the state of a parameter.
    func isOwn(_ place: Int) -> Bool { ranks.isAlone || owners[place] == ranks.rank }

    /// Takes the values of some parameters from the ranks that updated them.
    func exchange(_ parameters: [Parameter], _ places: [Int]) {
        guard !ranks.isAlone else { return }
        let shares = (0..<ranks.count).map { owner in places.filter { owners[$0] == owner } }
        let pending = shares.enumerated().map { owner, places -> PendingTensor? in
            guard !places.isEmpty else { return nil }
            let count = places.reduce(0) { $0 + parameters[$1].count }
            let values =
                owner == ranks.rank
                ? Tensor.concatenated(places.map { parameters[$0].stored.reshaped([-1]) }, axis: 0)
                : Tensor(uninitialized: [count])
            return ranks.startBroadcast(values, from: owner)
        }
        for (owner, places) in shares.enumerated() {
            guard let values = pending[owner]?.wait(), owner != ranks.rank else { continue }
            var at = 0
            for place in places {
                let count = parameters[place].count
                parameters[place].replace(with: values.sliced(at..<at + count, axis: 0))
                at += count
            }
        }
    }

    /// A parameter's moment on rank 0, from the rank that keeps it; zeros on other ranks.
    func collected(_ moment: Tensor?, _ place: Int, _ shape: [Int]) -> Tensor {
        guard !ranks.isAlone, owners[place] != 0 else { return moment ?? Tensor(zeros: shape) }
        let none = Tensor(zeros: [0])
        if ranks.rank == owners[place] {
            _ = ranks.startExchange(moment ?? Tensor(zeros: shape), to: 0, from: 0, shape: [0]).wait()
        } else if ranks.rank == 0 {
            return ranks.startExchange(none, to: owners[place], from: owners[place], shape: shape).wait()
        }
        return none
    }
}
