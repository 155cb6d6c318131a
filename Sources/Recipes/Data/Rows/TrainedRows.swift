import ConcordDatasets
import ConcordFiles

#if canImport(Glibc)
    import Glibc
#endif

/// Which rows a run was trained on, as far as it takes to tell its table from another one.
///
/// A row is known by a hash of its text and its files' names (relative to the table), sizes, and bytes at both ends:
/// `train/cat/1.png` and `test/cat/1.png` have one name, and recordings of one length one size. Of more than 4096 rows
/// those of the smallest hashes are kept: a sample that depends on the rows alone, so that any other table can be
/// compared with it.
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
    /// A fingerprint of the hashes of all rows' names in their order; nil in runs of older versions.
    let order: String?
    /// Bytes at each end of a file that its hash is of; nil in runs of older versions, which took the size alone.
    let ends: Int?

    init(_ table: SampleTable) {
        self.table = table.train.path
        rows = table.train.count
        var names = table.train.indices.map { (name: Self.nameHash(table.train[$0], table), row: $0) }
        var inOrder = Fingerprint()
        for (name, _) in names { inOrder.add(Int(bitPattern: UInt(name))) }
        order = inOrder.description
        ends = Self.ends
        names.sort { $0.name < $1.name }
        bound = names.count > Self.limit ? names[Self.limit - 1].name : nil
        sample = Self.hashes(names, table, Self.ends)
    }

    private static let ends = 4096

    private static func hashes(_ names: [(name: UInt64, row: Int)], _ table: SampleTable, _ ends: Int) -> [String] {
        names.prefix(limit).map { contentHash($0.name, table.train[$0.row], table, ends) }
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
            let hash = Self.contentHash(name, row, table, ends ?? 0)
            guard known.contains(hash) else { return false }
            found.insert(hash)
            return true
        }
        return Comparison(
            found: known.isEmpty ? 0 : Double(found.count) / Double(known.count),
            isTrained: bound == nil ? isTrained : nil)
    }

    private static func nameHash(_ row: Row, _ table: SampleTable) -> UInt64 {
        var hash = FNV1a()
        for input in table.settings.inputs {
            if !input.kind.isFile {
                if let field = table.field(input, of: row) { hash.add(field) }
            } else if table.path(input, of: row) != nil {
                hash.add(CanonicalPath.of(row[table.column(input)]))
                if let segment = table.segment(input, of: row) { hash.add("\(segment)") }
            }
        }
        return hash.value
    }

    private static func contentHash(_ name: UInt64, _ row: Row, _ table: SampleTable, _ ends: Int) -> String {
        var hash = FNV1a(value: name)
        for input in table.files {
            guard let path = table.path(input, of: row) else { continue }
            if input.kind == .video, let video = try? FrameFolder(path) {
                hash.add(String(video.count))
                for frame in Set([0, video.count - 1]).sorted() { hash.add(String(size(of: video.path(of: frame)))) }
                continue
            }
            hash.add(String(size(of: path)))
            guard ends > 0, let file = try? RegularFile(reading: path) else { continue }
            for start in Set([0, max(0, file.size - ends)]).sorted() {
                guard let bytes = try? file.bytes(at: start, count: min(ends, file.size - start)) else { continue }
                hash.add(bytes)
            }
        }
        return String(hash.value, radix: 16)
    }

    /// A file's size in bytes; -1 where there is none.
    private static func size(of path: String) -> Int {
        var status = stat()
        return PathEncoding.withCString(path, { stat($0, &status) }) == 0 ? Int(status.st_size) : -1
    }

    /// How these rows differ from those of a run, in words; nil where they do not.
    func difference(from saved: TrainedRows, _ table: SampleTable) -> String? {
        guard rows == saved.rows else {
            return
                "\(self.table) has \(Counted.text(rows, "row")) to train on, and the run was trained on \(saved.rows)"
        }
        var sample = sample
        if saved.ends != ends {
            let names = table.train.indices.map { (name: Self.nameHash(table.train[$0], table), row: $0) }
            sample = Self.hashes(names.sorted { $0.name < $1.name }, table, saved.ends ?? 0)
        }
        guard sample != saved.sample else {
            guard let order, let before = saved.order, order != before else { return nil }
            return bound == nil
                ? "the rows of \(self.table) are in another order than when the run was started"
                : "the rows of \(self.table) are others, or in another order, than when the run was started"
        }
        let known = Set(saved.sample)
        let other = table.train.first { row in
            let name = Self.nameHash(row, table)
            if let bound, name > bound { return false }
            return !known.contains(Self.contentHash(name, row, table, saved.ends ?? 0))
        }
        let place = other.map { "\($0.place): its file or its text" } ?? "\(self.table): a row"
        return "\(place) is another than when the run was started"
    }
}

/// The 64-bit FNV-1a hash of texts, one after the other.
private struct FNV1a {
    var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ text: String) {
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
        value = (value ^ 0xff) &* 0x100_0000_01b3  // no byte of UTF-8
    }

    mutating func add(_ bytes: [UInt8]) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
}
