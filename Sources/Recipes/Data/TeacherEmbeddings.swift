import ConcordDatasets
import ConcordFiles
import ConcordTensors

/// The embeddings that a teacher has of the training rows' files or texts: what a student learns.
struct TeacherEmbeddings: Sendable {
    /// A row for each item that the teacher has embedded.
    let index: EmbeddingIndex
    private let input: RecipeInput
    private let rows: [String: Int]

    /// Size D of an embedding.
    var dimension: Int { index.embeddings.shape[1] }

    /// - Parameters:
    ///   - teacher: a run directory, whose model then embeds the items, or an index of them.
    ///   - root: the data directory: paths of an index start from it, or from the working directory.
    /// - Throws: where it cannot be read, is of another kind of input, or lacks an item of the training rows.
    init(_ teacher: DataNeeds.Teacher, of table: SampleTable, root: String) throws {
        let (path, input) = (teacher.path, teacher.input)
        let own = Paths.join(root, path)
        let source = RunDirectory(own).isRun || !RunDirectory(path).isRun && PathEncoding.isThere(own) ? own : path
        if let segment = table.settings.segments[input], segment.start != nil || segment.end != nil {
            throw RecipeError.data(
                message: "\(teacher.key): rows that are parts of recordings (data.columns: start, end) have no "
                    + "embedding of their own; give each part a file")
        }
        let items = EvaluatedItems(Array(table.train), of: table, [input]), names = items.names[input] ?? []
        let index: EmbeddingIndex
        if RunDirectory(source).isRun {
            let run = try Run(source)
            index =
                switch input.kind {
                case .image: try run.index(images: names)
                case .audio: try run.index(audio: names, windows: .averaged)
                case .text: try run.index(texts: names)
                case .video: try run.index(videos: names)
                case .id: try run.index(ids: names)
                }
        } else {
            index = try EmbeddingIndex(path: source)
        }
        try self.init(index, of: teacher, for: table, root: root, named: source)
    }

    /// - Parameter name: the teacher's, in errors.
    init(
        _ index: EmbeddingIndex, of teacher: DataNeeds.Teacher, for table: SampleTable, root: String, named name: String
    ) throws {
        let input = teacher.input
        (self.index, self.input) = (index, input)
        var rows: [String: Int] = [:]
        for (row, name) in index.names.enumerated().reversed() {
            guard input.kind.isFile else {
                rows[name] = row
                continue
            }
            for path in [name, Paths.join(root, name)] { rows[CanonicalPath.of(path)] = row }
        }
        self.rows = rows
        // An index leaves out what could not be read, and so do batches: counted there.
        let missing = table.train.filter { row in
            table.part(input, of: row).map { part in
                self.row(of: row, in: table) == nil && !index.rejected.contains { CanonicalPath.of($0.name) == part }
            } ?? false
        }
        guard let first = missing.first else { return }
        throw RecipeError.data(
            message:
                "\(teacher.key): \(name) has no embedding of \(missing.count) of \(table.train.count) training "
                    + "rows; the first is \(first.place), \(table.part(input, of: first) ?? "")")
    }

    /// The index's row of what a row has; nil where the teacher could not read it.
    func row(of row: Row, in table: SampleTable) -> Int32? {
        table.part(input, of: row).flatMap { rows[$0] }.map { Int32(clamping: $0) }
    }

    /// Unit embeddings `[n, D]` of rows of the index.
    func embeddings(at rows: [Int32]) -> Tensor { index.embeddings.gathered(at: Tensor(rows, shape: [rows.count])) }
}
