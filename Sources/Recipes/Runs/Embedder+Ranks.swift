import ConcordCommunication
import ConcordDatasets
import ConcordTensors

/// Files and texts that ranks divide among themselves: each embeds a part, and all of them get all embeddings.
extension Embedder {
    /// The shard of this rank.
    private func shard(of count: Int) -> Range<Int> {
        ranks.rank * count / ranks.count..<(ranks.rank + 1) * count / ranks.count
    }

    /// As `embed(_:_:segments:windows:features:badLimit:progress:)`, each rank its shard of the files.
    func embedShard(
        _ paths: [String], _ input: RecipeInput, segments: [MediaSegment?]?, windows: AudioWindowing,
        features: Bool, badLimit: Double, progress: (Int) -> Void
    ) throws -> EmbeddedFiles {
        let shard = shard(of: paths.count)
        let own = try agreed {
            shard.isEmpty
                ? nil
                : try embedAll(
                    Array(paths[shard]), input, segments: segments.map { Array($0[shard]) }, windows: windows,
                    features: features, badLimit: 1, progress: { progress($0 * ranks.count) })
        }
        let width = ranks.largest([Double(own?.embeddings.shape[1] ?? 0)])[0]
        let embeddings = ranks.gather(own?.embeddings ?? Tensor(zeros: [0, Int(width)]))
        let lines = (own?.entries ?? []).map { entry in
            let seconds = entry.seconds.map { "\($0.lowerBound.bitPattern) \($0.upperBound.bitPattern)" } ?? ""
            return "\(shard.lowerBound + entry.file) \(seconds)"
        }
        let entries = gather(lines).map { line in
            let fields = line.split(separator: " ").compactMap { UInt64($0) }
            let seconds = fields.count == 3 ? Double(bitPattern: fields[1])..<Double(bitPattern: fields[2]) : nil
            return EmbeddedFiles.Entry(file: Int(fields[0]), seconds: seconds)
        }
        let names = gather((own?.rejected ?? []).map(\.name)), reasons = gather((own?.rejected ?? []).map(\.reason))
        let rejected = zip(names, reasons).map { Rejected(name: $0, reason: $1) }
        let fraction = Double(rejected.count) / Double(max(1, paths.count))
        guard !entries.isEmpty, rejected.count < 2 || fraction <= badLimit else {
            throw DatasetError.tooManyBadSamples(
                fraction: fraction, limit: badLimit, bad: rejected.count, tried: paths.count,
                examples: rejected.prefix(3).map { "\($0.name): \($0.reason)" })
        }
        return EmbeddedFiles(embeddings: embeddings, entries: entries, rejected: rejected)
    }

    /// As `texts(_:of:features:progress:)`, each rank its shard of the texts.
    func textsShard(
        _ texts: [String], _ embed: ([String]) throws -> Tensor
    ) throws -> Tensor {
        let shard = shard(of: texts.count)
        let own = try agreed { shard.isEmpty ? nil : try embed(Array(texts[shard])) }
        let width = ranks.largest([Double(own?.shape[1] ?? 0)])[0]
        return ranks.gather(own ?? Tensor(zeros: [0, Int(width)]))
    }

    /// The result of `body`; where it throws on any rank, all of them throw, so that nobody waits for one that left.
    private func agreed<R>(_ body: () throws -> R) throws -> R {
        let result = Result { try body() }
        var reason = ""
        if case .failure(let error) = result { reason = "\(error)" }
        let reasons = gather([reason])
        if let rank = reasons.firstIndex(where: { !$0.isEmpty }), rank != ranks.rank {
            throw RecipeError.data(message: "rank \(rank) of \(ranks.count): \(reasons[rank])")
        }
        return try result.get()
    }

    /// The lines of all ranks, in the order of ranks; no line has a zero byte.
    private func gather(_ lines: [String]) -> [String] {
        ranks.gather(Array(lines.map { $0 + "\0" }.joined().utf8)).flatMap { bytes in
            bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
                String(decoding: $0, as: UTF8.self)
            }
        }
    }
}
