import ConcordDatasets
import ConcordFiles
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#endif

/// What a run was trained on, as far as it takes to tell other data from it: `data.json` of a run directory.
enum TrainedData: Sendable {
    case rows(TrainedRows)
    case texts(TrainedTexts)

    /// - Parameter root: the directory that the recipe's data paths start from.
    init(_ data: TrainingData, _ recipe: Recipe, root: String) throws {
        switch data {
        case .samples(let table, _), .streams(let table, _): self = .rows(TrainedRows(table))
        case .blocks(let train, _): self = .texts(TrainedTexts(try recipe.trainingTexts(root: root), train, root: root))
        }
    }

    /// The rows, where the run was trained on rows.
    var rows: TrainedRows? { if case .rows(let rows) = self { rows } else { nil } }

    /// How these data differ from those of a run, in words that begin with the file; nil where they do not.
    func difference(from saved: TrainedData, _ table: SampleTable?) -> String? {
        switch (self, saved, table) {
        case (.rows(let now), .rows(let before), let table?): now.difference(from: before, table)
        case (.texts(let now), .texts(let before), _): now.difference(from: before)
        default: "the data are of another kind than when the run was started"
        }
    }

    // MARK: - In a run directory

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json =
            switch self {
            case .rows(let rows): try encoder.encode(rows)
            case .texts(let texts): try encoder.encode(texts)
            }
        try TextFile.write(String(decoding: json, as: UTF8.self) + "\n", to: path)
    }

    /// Nil where the run has no such file.
    static func read(_ path: String) throws -> TrainedData? {
        guard let text = try TextFile.read(path) else { return nil }
        let json = Data(text.utf8), decoder = JSONDecoder()
        if let rows = try? decoder.decode(TrainedRows.self, from: json) { return .rows(rows) }
        if let texts = try? decoder.decode(TrainedTexts.self, from: json) { return .texts(texts) }
        throw RecipeError.unreadable(
            path: path, reason: "not the record of its data that a training run writes; remove it to go on without")
    }
}

/// The text files that a run was trained on, by their names and sizes, and a fingerprint of their tokens.
struct TrainedTexts: Codable, Sendable {
    struct File: Codable, Sendable, Equatable {
        /// Relative to the data directory.
        let name: String
        /// -1 where it cannot be told.
        let bytes: Int
    }

    let files: [File]
    let tokens: String

    init(_ texts: TextFiles, _ blocks: TextBlocks, root: String) {
        let prefix = root.hasSuffix("/") ? root : root + "/"
        files = texts.paths.map { path in
            var status = stat()
            let isThere = PathEncoding.withCString(path, { stat($0, &status) }) == 0
            return File(
                name: CanonicalPath.of(path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path),
                bytes: isThere ? Int(status.st_size) : -1)
        }
        tokens = blocks.fingerprint
    }

    func difference(from saved: TrainedTexts) -> String? {
        let before = Dictionary(saved.files.map { ($0.name, $0.bytes) }) { first, _ in first }
        for file in files {
            guard let bytes = before[file.name] else {
                return "\(file.name): this file was not among the texts when the run was started"
            }
            guard bytes == file.bytes else {
                return "\(file.name): has \(file.bytes) bytes, and had \(bytes) when the run was started"
            }
        }
        let now = Set(files.map(\.name))
        if let gone = saved.files.first(where: { !now.contains($0.name) }) {
            return "\(gone.name): this file was among the texts when the run was started, and is not now"
        }
        let names = files.count == 1 ? files[0].name : "data.path"
        guard files == saved.files else {
            return "\(names): the text files are in another order than when the run was started"
        }
        return tokens == saved.tokens
            ? nil : "\(names): the text is another than when the run was started, of the same size"
    }
}
