import ConcordDatasets
import ConcordFiles

/// The ids that an input has among the training rows, in the order of their bytes: the rows of its encoder's table.
public struct IDVocabulary: Sendable, Equatable {
    /// Each once; id i has row i of the table.
    public let ids: [String]
    /// Training rows with each id.
    public let counts: [Int]
    private let rows: [String: Int32]

    init(ids: [String], counts: [Int]) {
        (self.ids, self.counts) = (ids, counts)
        rows = Dictionary(zip(ids, 0...), uniquingKeysWith: { first, _ in first })
    }

    /// The values of a column; empty fields are no ids.
    init(of table: Table, column: String) {
        var counts: [String: Int] = [:]
        for row in table where !row[column].isEmpty { counts[row[column], default: 0] += 1 }
        let ids = counts.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        self.init(ids: ids, counts: ids.map { counts[$0, default: 0] })
    }

    /// Number V of ids.
    public var count: Int { ids.count }

    /// The table's row of an id; nil where no training row has it.
    public func row(of id: String) -> Int32? { rows[id] }

    /// The table's rows of ids.
    /// - Throws: `RecipeError` for the first that no training row has, with the nearest one.
    func rows(of ids: [String], _ input: RecipeInput) throws -> [Int32] {
        try ids.map { id in
            if let row = rows[id] { return row }
            throw RecipeError.data(
                message: "\(input) \"\(id)\" is in no row that the run was trained on"
                    + NearestName.hint(for: id, among: self.ids))
        }
    }
}

extension IDVocabulary: Codable {
    private enum Key: String, CodingKey { case ids, counts }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let ids = try fields.decode([String].self, forKey: .ids)
        let counts = try fields.decode([Int].self, forKey: .counts)
        guard ids.count == counts.count, Set(ids).count == ids.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .counts, in: fields, debugDescription: "\(ids.count) ids and \(counts.count) counts")
        }
        self.init(ids: ids, counts: counts)
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(ids, forKey: .ids)
        try fields.encode(counts, forKey: .counts)
    }
}
