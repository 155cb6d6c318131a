package import ConcordDatasets
import ConcordEvaluation
import ConcordLayers
import ConcordTensors
package import ConcordTokenizers

/// What a recipe trains on and is evaluated on.
enum TrainingData: Sendable {
    /// Rows of a table, each a sample of its own.
    case samples(SampleTable)
    /// Clips joined to streams, cut into windows.
    case streams(SampleTable, SoundStreams)
    /// Running text, cut into blocks.
    case blocks(train: TextBlocks, heldOut: TextBlocks?)

    /// - Parameter data: the directory that the recipe's data paths start from.
    init(_ recipe: Recipe, data: String, tokenizer: (any Tokenizer)?) throws {
        guard recipe.data.kind != .text else {
            guard let tokenizer, let text = recipe.model.text else {
                throw RecipeError.data(message: "running text wants an objective over text")
            }
            let heldOut = recipe.data.heldOutTexts.isEmpty ? nil : try TextFiles(recipe.data.heldOutTexts, root: data)
            let files = try recipe.trainingTexts(root: data)
            func blocks(_ files: TextFiles) throws -> TextBlocks {
                try TextBlocks(
                    files.paths, tokenizer: tokenizer, length: text.context, form: recipe.data.hasTextLines ? .lines : .running)
            }
            self = .blocks(train: try blocks(files), heldOut: try heldOut.map(blocks))
            return
        }
        let table = try SampleTable(recipe.data, root: data)
        guard let views = recipe.views.audio, recipe.objective.contrastive == nil else {
            self = .samples(table)
            return
        }
        self = .streams(
            table,
            try SoundStreams(
                table.train, path: table.column(.audio), stream: recipe.data.group, window: views.length, rate: views.rate,
                badLimit: recipe.data.badShare, cacheLimit: recipe.data.cacheMebibytes << 20))
    }

    /// The rows, where there are any.
    var table: SampleTable? {
        switch self {
        case .samples(let table), .streams(let table, _): table
        case .blocks: nil
        }
    }

    /// What there is to train on, for people.
    var description: String {
        switch self {
        case .samples(let table): "\(table.train.count) samples to train on, \(table.heldOut.count) held out"
        case .streams(let table, let streams):
            "\(table.train.count) clips to train on in \(streams.names.count) streams, \(table.heldOut.count) held out"
        case .blocks(let train, let heldOut):
            "\(train.tokenCount) tokens to train on" + (heldOut.map { ", \($0.tokenCount) held out" } ?? "")
        }
    }

    func batches(_ recipe: Recipe, tokenizer: (any Tokenizer)?) -> Batches<MultimodalBatch> {
        switch self {
        case .samples(let table): return SampleLoading(recipe, tokenizer: tokenizer).batches(of: table)
        case .streams(_, let streams):
            return batches(of: streams.samples, recipe) { windows in
                var batch = MultimodalBatch()
                let waveform = Waveform(windows, rate: streams.rate)
                batch.audio = Available(waveform, count: waveform.count)
                return batch
            }
        case .blocks(let train, _):
            return batches(of: train.samples, recipe) { blocks in
                var batch = MultimodalBatch()
                batch.text = Available(train.tokens(blocks), count: blocks.count)
                return batch
            }
        }
    }

    private func batches<S>(
        of samples: Samples<S>, _ recipe: Recipe, _ collate: @escaping @Sendable ([S]) throws -> MultimodalBatch
    ) -> Batches<MultimodalBatch> {
        samples.batches(
            of: recipe.batch, seed: recipe.seed, threads: recipe.loader.threads, prefetch: recipe.loader.prefetch,
            badLimit: recipe.data.badShare, collate)
    }
}

extension Recipe {
    /// The batches that a run of this recipe trains on.
    /// - Parameter data: the directory that the recipe's data paths start from.
    package func trainingBatches(data: String, tokenizer: (any Tokenizer)?) throws -> Batches<MultimodalBatch> {
        try TrainingData(self, data: data, tokenizer: tokenizer).batches(self, tokenizer: tokenizer)
    }
}
