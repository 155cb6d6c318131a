import ConcordInterchange
import ConcordTensors

extension EmbeddingIndex {
    /// Reads an index.
    /// - Throws: if the file cannot be read, is no index or not a whole one, holds nothing, or has a row that is not
    ///   finite.
    public init(path: String) throws {
        let file = try Safetensors(path: path)
        func refusal(_ reason: String) -> RecipeError { .unreadable(path: path, reason: reason) }
        guard file.contains("embeddings"), file.contains("names"), file.contains("offsets") else {
            throw RecipeError.notAnIndex(path: path)
        }
        if let format = file.metadata["format"], format != Self.format {
            throw refusal("an index of format \(format), where \(Self.format) is read; embed the files again")
        }
        let embeddings = try file.tensor("embeddings"), names = try file.tensor("names"),
            offsets = try file.tensor("offsets")
        let isAudio =
            embeddings.rank == 2 && embeddings.elementType == .float32 && names.elementType == .uint8
            && offsets.elementType == .int32
            && offsets.count == embeddings.shape[0] + 1
        let places = isAudio ? offsets.integerScalars.map(Int.init) : []
        guard isAudio, places.first == 0, places.last == names.count,
            zip(places, places.dropFirst()).allSatisfy({ $0 <= $1 })
        else {
            throw refusal("not an index: its embeddings, names and offsets do not fit each other")
        }
        let rows = embeddings.shape[0], width = embeddings.shape[1]
        guard rows > 0, width > 0 else { throw refusal("an index without embeddings; embed the files again") }
        let bytes = names.bytes
        let texts = zip(places, places.dropFirst()).map { String(decoding: bytes[$0..<$1], as: UTF8.self) }
        if let bad = embeddings.scalars.firstIndex(where: { !$0.isFinite }) {
            let row = bad / width
            throw refusal("row \(row), \(texts[row].debugDescription), is not finite; embed the files again")
        }
        var seconds: [Range<Double>?] = texts.map { _ in nil }
        if file.contains("seconds") {
            let parts = try file.tensor("seconds")
            guard parts.elementType == .float32, parts.shape == [rows, 2] else {
                throw refusal("not an index: its seconds \(parts.shape) do not fit its \(rows) embeddings")
            }
            let ends = parts.scalars
            // false for NaN, which means the whole item
            for row in 0..<rows where ends[2 * row] <= ends[2 * row + 1] {
                seconds[row] = Double(ends[2 * row])..<Double(ends[2 * row + 1])
            }
        }
        self.init(stored: embeddings, names: texts, seconds: seconds, source: IndexSource(file.metadata), path: path)
    }

    /// Writes the index as safetensors.
    ///
    /// `embeddings` float32 `[N, D]`; `names` uint8, UTF-8, one after the other, and `offsets` int32 `[N + 1]` into it;
    /// and where a row is of a part of a recording `seconds` float32 `[N, 2]`, its start and end, NaN for rows of whole
    /// items. The metadata hold the format, and the run with the fingerprints of its weights and tokenizer, see
    /// `IndexSource`.
    public func write(to path: String) throws {
        var bytes: [UInt8] = [], offsets: [Int32] = [0]
        for name in names {
            bytes += name.utf8
            guard let end = Int32(exactly: bytes.count) else {
                throw RecipeError.unreadable(
                    path: path, reason: "the names take more than 2 GiB; write several indexes")
            }
            offsets.append(end)
        }
        var tensors = [
            (name: "embeddings", tensor: embeddings), (name: "names", tensor: Tensor(bytes, shape: [bytes.count])),
            (name: "offsets", tensor: Tensor(offsets, shape: [offsets.count])),
        ]
        if seconds.contains(where: { $0 != nil }) {
            let ends = seconds.flatMap { part in
                part.map { [Float($0.lowerBound), Float($0.upperBound)] } ?? [.nan, .nan]
            }
            tensors.append((name: "seconds", tensor: Tensor(ends, shape: [names.count, 2])))
        }
        var metadata = ["concord": "index", "format": Self.format]
        if let source { metadata.merge(source.metadata) { own, _ in own } }
        try Safetensors.write(tensors, metadata: metadata, to: path)
    }

    private static var format: String { "2" }
}
