import ConcordDatasets
import ConcordEvaluation
import ConcordTensors

/// The distinct files, texts or ids of some rows with their features.
struct ProbedItems {
    let items: EvaluatedItems
    /// `[N, C]`, of those items that could be read.
    let features: Tensor
    private let input: RecipeInput
    private let table: SampleTable

    /// Places of items that have a value in a column, with the values.
    func labeled(_ column: String) -> (places: [Int], values: [String]) { items.labeled(input, column, in: table) }

    /// The features of some items, `[M, C]`.
    func features(at places: [Int]) -> Tensor {
        if places.elementsEqual(0..<features.shape[0]) { return features }
        return features.gathered(
            at: Tensor(places.map { Int32(truncatingIfNeeded: $0) }, shape: [places.count]), axis: 0)
    }

    /// - Parameters:
    ///   - rows: of the table.
    ///   - embedder: of features, with the layer that they are of.
    ///   - store: where features are kept.
    ///   - key: what they depend on besides the items.
    ///   - notes: gets what a user should know.
    ///   - unreadable: gets the files that cannot be read.
    init(
        _ rows: Table, of table: SampleTable, _ input: RecipeInput, by embedder: Embedder, _ store: FeatureStore,
        key: FeatureStore.Key, notes: inout [String], unreadable: inout [UnreadableFile]
    ) throws {
        (self.input, self.table) = (input, table)
        var items = EvaluatedItems(Array(rows), of: table, [input]), key = key
        let names = items.names[input] ?? [], segments = items.segments(of: input)
        guard !names.isEmpty else {
            throw RecipeError.data(message: "\(rows.path): no row has anything of input \(input)")
        }
        for (place, name) in names.enumerated() {
            key.add(item: name, isFile: input.kind.isFile, part: segments?[place].map { "\($0)" } ?? "")
        }
        if let known = store.load(key, count: names.count) {
            (self.items, features) = (items, known)
            return
        }
        switch input.kind {
        case .text: features = try embedder.texts(names, of: input, features: true)
        case .id:
            let known = names.indices.filter { embedder.row(of: names[$0], input) != nil }
            if known.count < names.count {
                notes.append("\(names.count - known.count) ids of \(input) are in no row that the run was trained on")
            }
            guard !known.isEmpty else {
                throw RecipeError.data(message: "no id of \(input) is in a row that the run was trained on")
            }
            features = try embedder.ids(known.map { names[$0] }, of: input, features: true)
            items.keep(known, of: input)
        case .image, .audio, .video:
            let found = try embedder.readableFiles(names, input, segments, features: true)
            unreadable += found.unreadable
            items.keep(found.readable, of: input)
            features = found.embeddings
        }
        self.items = items
        if features.shape[0] == names.count, let fault = store.store(features, key) { notes.append(fault) }
    }
}
