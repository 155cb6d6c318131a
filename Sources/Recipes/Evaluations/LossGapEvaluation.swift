import ConcordDatasets
public import ConcordEvaluation
import ConcordObjectives
import ConcordTensors

/// The objective's loss on held-out samples, and on as many training samples: how much is learned by heart.
///
/// Both are in evaluation mode (running statistics, no dropout) with the same views: the random choices of
/// augmentation, masks and negatives are those of fixed keys, the same for the two, each time, so that a change is the
/// model's. No buffer is updated. The samples are evenly spaced rows of both parts, in batches of the recipe's size, or of all
/// where that is more; a contrastive loss depends on that size, and a run's log is in training mode with other views,
/// so these losses are compared with each other alone.
///
/// There is none where nothing is held out, where held-out samples do not make the smallest batch that the objective
/// takes, and of an objective that learns a teacher's embeddings, which are of the training rows alone.
public struct LossGapEvaluation: Evaluation {
    public let runsDuringTraining: Bool
    /// Samples of each part, at most; or one batch where that is more.
    static let limit = 1024

    /// - Parameter runsDuringTraining: whether it is also made while a run trains.
    public init(runsDuringTraining: Bool = true) { self.runsDuringTraining = runsDuringTraining }

    public func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
        let recipe = model.recipe, needs = recipe.objective.needs
        guard needs.teacher == nil, let parts = try Self.parts(of: data.source, recipe, ids: model.embedder.ids)
        else { return nil }
        let tokenizer = model.embedder.tokenizer
        let size = min(recipe.batch, parts.count)
        guard size >= needs.smallestBatch else {
            data.note(
                "\(Counted.text(parts.count, "held-out sample")) \(parts.count == 1 ? "does" : "do") not make a batch: "
                    + "the loss of held-out samples is not evaluated")
            return nil
        }
        do {
            let heldOut = try parts.heldOut.batches(recipe, tokenizer: tokenizer, size: size)
            let train = try parts.train.batches(recipe, tokenizer: tokenizer, size: size)
            let count = min(heldOut.stepsPerEpoch, train.stepsPerEpoch, max(1, Self.limit / size))
            guard count > 0 else { return nil }
            let (own, other) = try (
                Self.loss(of: model.objective, on: heldOut, count, recipe.seed),
                Self.loss(of: model.objective, on: train, count, recipe.seed)
            )
            guard own.isFinite, other.isFinite else {
                data.note("the loss of held-out samples is not finite")
                return nil
            }
            return .loss(LossGap(heldOut: own, train: other, samples: count * size))
        } catch {
            data.note("the loss of held-out samples is not evaluated: \(error)")
            return nil
        }
    }

    /// The held-out samples and as many of those trained on, as data to train on; nil where nothing is held out.
    private static func parts(
        of data: TrainingData, _ recipe: Recipe, ids: [RecipeInput: IDVocabulary]
    ) throws -> (heldOut: TrainingData, train: TrainingData, count: Int)? {
        switch data {
        case .blocks(let train, let heldOut):
            guard let heldOut else { return nil }
            return (
                .blocks(train: heldOut, heldOut: nil), .blocks(train: train, heldOut: nil),
                min(heldOut.count, train.count)
            )
        case .samples(let table, _), .streams(let table, _):
            guard table.isSplit else { return nil }
            let table = table.knowing(ids)
            // Of streams some rows make a window together.
            let isStreams = recipe.objective.needs.unit == .windows
            let limit = max(limit, recipe.batch) * (isStreams ? 8 : 1)
            let count = min(table.heldOut.count, table.train.count, limit)
            let heldOut = evenlySpaced(table.heldOut, count), train = evenlySpaced(table.train, count)
            guard
                let own = try? TrainingData.samples(of: table.training(on: heldOut), recipe),
                let other = try? TrainingData.samples(of: table.training(on: train), recipe)
            else { return nil }
            return (own, other, min(own.sampleCount, other.sampleCount))
        }
    }

    private static func evenlySpaced(_ rows: Table, _ count: Int) -> Table {
        guard count < rows.count else { return rows }
        var place = -1
        return rows.rows { _ in
            place += 1
            // The rows at which place * count / rows.count grows.
            return (place + 1) * count / rows.count > place * count / rows.count
        }
    }

    /// The mean over some batches, each with the random choices of its own fixed keys.
    private static func loss(
        of objective: any Objective<MultimodalBatch>, on batches: Batches<MultimodalBatch>, _ count: Int, _ seed: UInt64
    ) throws -> Double {
        var sum = 0.0
        for batch in batches.steps(0..<count) {
            let input = try batch.get(), key = RandomKey(seed: seed).derived("loss gap", batch.index)
            sum += Context.with({ context in
                context.isTraining = false
                context.tape = nil
                context.random = RandomSequence(key: key)
                context.sampleKeys = batch.keys
                context.values = ParameterValues(over: context.values)
            }) { Double(objective(input).total.scalars[0]) }
        }
        return sum / Double(count)
    }
}

extension TrainingData {
    /// Samples of an epoch, each a row, a window or a block.
    fileprivate var sampleCount: Int {
        switch self {
        case .samples(let table, _): table.train.count
        case .streams(_, let streams): streams.numberedSamples.count
        case .blocks(let train, _): train.count
        }
    }
}
