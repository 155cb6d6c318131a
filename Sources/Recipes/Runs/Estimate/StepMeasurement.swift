import ConcordDatasets
import ConcordInterchange
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTraining

/// The time of a recipe's steps, measured on its own batches by the trainer that a run has.
struct StepMeasurement {
    /// Seconds of steps whose samples were decoded for them, and of steps that found them in the cache.
    private var decoding: [Double] = [], cached: [Double] = []
    /// What the first steps took longer than others do.
    private var warmUpSeconds = 0.0
    private var multiplyAdds = MultiplyAdds()
    private var counted = 0
    private var checkpointBytes = 0
    /// The fraction of samples that is in memory once all were.
    private var cachedFraction = 1.0
    /// Of tensors after a step: parameters, moments, gradients.
    private(set) var heldBytes = 0

    /// Steps after the warm-up at least.
    private static var leastSteps: Int { 4 }

    /// - Parameters:
    ///   - updates: of the whole run.
    ///   - seconds: of the steps at least.
    init(
        of objective: some Objective<MultimodalBatch>, on batches: Batches<MultimodalBatch>, by recipe: Recipe,
        updates: Int, _ seconds: Double
    ) throws {
        let ahead = (batches.batchesAhead + recipe.optimizer.accumulate - 1) / recipe.optimizer.accumulate
        let warmUp = ahead + 2, perEpoch = recipe.updatesPerEpoch(of: batches)
        let first = try Pass(objective, batches, recipe, updates: updates) { count, passed in
            count >= warmUp + Self.leastSteps + ahead + 1 && passed >= seconds
        }
        let steps = first.seconds.enumerated().dropFirst(min(warmUp, first.seconds.count / 2))
        decoding = steps.filter { $0.offset < perEpoch }.map(\.element)
        cached = steps.filter { $0.offset >= perEpoch }.map(\.element)
        warmUpSeconds =
            first.seconds.prefix(first.seconds.count - steps.count).reduce(0, +)
            - Double(first.seconds.count - steps.count) * Self.mean(decoding.isEmpty ? cached : decoding)
        (multiplyAdds, counted) = (first.multiplyAdds, first.seconds.count)
        (heldBytes, checkpointBytes) = (first.heldBytes, first.checkpointBytes)
        let again = first.seconds.count - ahead - 1
        if let filling = batches.cacheFilling, filling.bytes > 0 {
            cachedFraction = filling.expectedFraction
            guard updates > perEpoch, cached.count < 8, again > warmUp else { return }
            // The samples of the same steps are in memory now, as those of all steps are after an epoch.
            let second = try Pass(objective, batches, recipe, updates: updates) { count, _ in count >= again }
            cached += second.seconds.dropFirst(warmUp)
        } else {  // every epoch is as the first
            decoding += cached
            cached = decoding
        }
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }

    /// Notes the steps' part of an estimate.
    func enter(_ estimate: inout TrainingEstimate, updatesPerEpoch: Int) {
        let first = Self.mean(decoding.isEmpty ? cached : decoding)
        // What finds its samples decoded is not slower: if it seems so, both are noise about the same.
        let found = cached.isEmpty ? first : Self.mean(cached)
        let all = Self.mean(decoding + cached)
        estimate.firstEpochStepSeconds = found > first ? all : first
        estimate.laterStepSeconds =
            found > first ? all : cachedFraction * found + (1 - cachedFraction) * first
        let early = min(estimate.steps, updatesPerEpoch)
        estimate.stepsSeconds =
            max(0, warmUpSeconds) + Double(early) * estimate.firstEpochStepSeconds
            + Double(estimate.steps - early) * estimate.laterStepSeconds
        for kind in MultiplyAdds.Kind.allCases {
            estimate.multiplyAddsPerStep[kind] = multiplyAdds[kind] / max(1, counted)
        }
        estimate.measuredSteps = decoding.count + (cached == decoding ? 0 : cached.count)
        estimate.checkpointBytes = checkpointBytes
    }
}

/// Steps from the first on, by a trainer that writes nothing.
private final class Pass {
    private(set) var seconds: [Double] = []
    private(set) var multiplyAdds = MultiplyAdds()
    private(set) var heldBytes = 0
    private(set) var checkpointBytes = 0

    private struct Enough: Error {}

    /// - Parameter isOver: is called after each step with the number of steps and their seconds.
    init<O: Objective<MultimodalBatch>>(
        _ objective: O, _ batches: Batches<MultimodalBatch>, _ recipe: Recipe, updates: Int,
        until isOver: @escaping (_ steps: Int, _ seconds: Double) -> Bool
    ) throws {
        let perEpoch = recipe.updatesPerEpoch(of: batches)
        var started = ContinuousClock.now, counted = MultiplyAdds.ofThisThread, sum = 0.0
        let trainer = Trainer(
            objective, optimizer: recipe.makeOptimizer(), schedule: recipe.makeSchedule(updatesPerEpoch: perEpoch),
            clip: recipe.optimizer.clip, accumulate: recipe.optimizer.accumulate, microbatch: recipe.microbatch,
            precision: recipe.precision.resolved, seed: recipe.seed,
            evaluation: .every(1) { [unowned self] in
                let now = ContinuousClock.now, count = MultiplyAdds.ofThisThread
                seconds.append((now - started).inSeconds)
                sum += (now - started).inSeconds
                multiplyAdds = multiplyAdds + (count - counted)
                heldBytes = max(heldBytes, Allocator.statistics.inUse)
                (started, counted) = (now, count)
                if isOver(seconds.count, sum) { throw Enough() }
                return []
            }, averaging: recipe.averaging.map { .constant($0) }, progress: .silent)
        started = .now
        do { try trainer.train(on: batches, steps: updates) } catch is Enough {}
        checkpointBytes = (objective.stateDictionary() + trainer.optimizer.state).reduce(0) { $0 + $1.tensor.byteCount }
        if let average = trainer.average {
            checkpointBytes += average.stateDictionary().reduce(0) { $0 + $1.tensor.byteCount }
        }
    }
}
