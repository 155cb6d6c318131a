import ConcordDatasets
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#endif

/// Which rows a run was trained on, as far as it takes to tell its table from another one: `data.json` of a run directory.
///
/// A row is known by a hash of its files' names (relative to the table), the files' sizes and its text. Of more than 4096 rows those of
/// the smallest hashes are kept: a sample that depends on the rows alone, so that any other table can be compared with it.
struct TrainedRows: Codable, Sendable {
    static let limit = 4096

    /// The table's file or the folder, as given.
    let table: String
    /// Number of training rows.
    let rows: Int
    /// Hashes in hexadecimal, in the order of the rows' names' hashes.
    let sample: [String]
    /// The largest hash of names in the sample, where it is not all rows.
    let bound: UInt64?

    init(_ table: SampleTable) {
        self.table = table.train.path
        rows = table.train.count
        var hashes = table.train.indices.map { (name: Self.nameHash(table.train[$0], table), row: $0) }
        hashes.sort { $0.name < $1.name }
        bound = hashes.count > Self.limit ? hashes[Self.limit - 1].name : nil
        sample = hashes.prefix(Self.limit).map { Self.contentHash($0.name, table.train[$0.row], table) }
    }

    /// How a table's rows compare with those trained on.
    struct Comparison {
        /// Fraction of the training rows that the table has, estimated where `sample` is not all of them.
        let found: Double
        /// Whether each of the table's rows was trained on; nil where the sample does not tell.
        let isTrained: [Bool]?
    }

    func compare(_ rows: Table, of table: SampleTable) -> Comparison {
        let known = Set(sample)
        var found: Set<String> = []
        let isTrained = rows.map { row -> Bool in
            let name = Self.nameHash(row, table)
            if let bound, name > bound { return false }
            let hash = Self.contentHash(name, row, table)
            guard known.contains(hash) else { return false }
            found.insert(hash)
            return true
        }
        return Comparison(
            found: known.isEmpty ? 0 : Double(found.count) / Double(known.count), isTrained: bound == nil ? isTrained : nil)
    }

    private static func nameHash(_ row: Row, _ table: SampleTable) -> UInt64 {
        var hash = FNV1a()
        for modality in Modality.allCases {
            if modality == .text {
                if table.hasText(row) { hash.add(table.text(of: row)) }
            } else if table.path(modality, of: row) != nil {
                hash.add(CanonicalPath.of(row[table.column(modality)]))
            }
        }
        return hash.value
    }

    private static func contentHash(_ name: UInt64, _ row: Row, _ table: SampleTable) -> String {
        var hash = FNV1a(value: name)
        for modality in [Modality.image, .audio] {
            if let path = table.path(modality, of: row) { hash.add(String(size(of: path))) }
        }
        return String(hash.value, radix: 16)
    }

    /// A file's size in bytes; -1 where there is none.
    private static func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : -1
    }

    // MARK: - In a run directory

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try TextFile.write(String(decoding: try encoder.encode(self), as: UTF8.self) + "\n", to: path)
    }

    /// Nil where the run has no such file.
    static func read(_ path: String) throws -> TrainedRows? {
        guard let text = try TextFile.read(path) else { return nil }
        guard let rows = try? JSONDecoder().decode(TrainedRows.self, from: Data(text.utf8)) else {
            throw RecipeError.unreadable(path: path, reason: "not the list of rows that a training run writes; remove it to go on without")
        }
        return rows
    }
}

/// The 64-bit FNV-1a hash of texts, one after the other.
private struct FNV1a {
    var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ text: String) {
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
        value = (value ^ 0xff) &* 0x100_0000_01b3  // no byte of UTF-8
    }
}
