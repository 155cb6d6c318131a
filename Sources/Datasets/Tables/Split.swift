import ConcordFiles

/// A rule that says which rows of a table are held out, from a column alone, or a few: it holds whatever the order and
/// number of rows.
public struct Split: Hashable, Sendable {
    private enum Rule: Hashable {
        case checksum(modulo: Int, remainder: Int)
        case values(Set<String>)
    }

    /// The columns that decide: their fields, joined by a space.
    public let columns: [String]
    private let rule: Rule

    /// Holds out the rows whose field has a CRC-32 (of its UTF-8 bytes) that leaves `remainder` modulo `modulo`: about
    /// one in `modulo`.
    ///
    /// White space around the field is not part of it. Of a path, the shortest spelling decides: `./a.png` and
    /// `b//../a.png` fall on the side of `a.png`; and so do all names, links among them, of one file.
    public init(column: String, modulo: Int, remainder: Int = 0) {
        self.init(columns: [column], modulo: modulo, remainder: remainder)
    }

    /// The same by several columns: their fields, joined by a space, have the CRC-32. So pairs are held out whose parts
    /// are trained on in other rows: interactions of users and items.
    public init(columns: [String], modulo: Int, remainder: Int = 0) {
        self.columns = columns
        rule = .checksum(modulo: modulo, remainder: remainder)
    }

    /// Holds out the rows whose field is one of `values`: `Split(column: "take", values: ["0", "1"])`.
    public init(column: String, values: some Sequence<String>) {
        columns = [column]
        rule = .values(Set(values))
    }

    var isByChecksum: Bool { if case .checksum = rule { true } else { false } }

    /// Whether rows with this value in the column are held out.
    func isHeldOut(_ value: String) -> Bool {
        switch rule {
        case .checksum(let modulo, let remainder): Int(CRC32.checksum(value.utf8)) % modulo == remainder
        case .values(let values): values.contains(value)
        }
    }

    func check() throws(DatasetError) {
        guard case .checksum(let modulo, let remainder) = rule else { return }
        let column = columns.joined(separator: " ")
        if modulo < 2 {
            throw .split(column: column, reason: "modulo \(modulo) puts all rows on one side; 2 or more wanted")
        }
        if !(0..<modulo).contains(remainder) {
            throw .split(column: column, reason: "remainder \(remainder) must be in 0 ... \(modulo - 1)")
        }
    }
}

extension Row {
    /// A field as it counts in a split: without white space around it, and of a path the shortest spelling, in the
    /// letters of the file's own name.
    fileprivate func name(of column: String) -> String {
        let value = self[column], path = contents.files.path(of: value), folder = contents.root + "/"
        guard !path.utf8.elementsEqual(Paths.join(contents.root, value).utf8), path.utf8.starts(with: folder.utf8),
            let own = String(path.utf8.dropFirst(folder.utf8.count))
        else { return Paths.canonical(value.trimmingSpace) }
        return Paths.canonical(own)
    }
}

extension Table {
    /// For the values of a column that are further names of one file, the name that counts: the first in the order of
    /// bytes.
    private func fileNames(in column: String) -> [String: String] {
        var names: [FileIdentity: String] = [:], identities: [String: FileIdentity] = [:]
        var misses = 0
        for row in self {
            let value = row[column]
            if identities[value] != nil { continue }
            guard let identity = FileIdentity(ofFile: row.path(column)) else {
                misses += 1
                if identities.isEmpty, misses == 16 { return [:] }  // a column of other values: speakers, numbers
                continue
            }
            identities[value] = identity
            let canonical = row.name(of: column)
            guard let known = names[identity] else {
                names[identity] = canonical
                continue
            }
            if canonical.utf8.lexicographicallyPrecedes(known.utf8) { names[identity] = canonical }
        }
        guard names.count < identities.count else { return [:] }
        return identities.compactMapValues { names[$0] }
    }

    /// The rows to train on and those held out.
    /// - Throws: `DatasetError` where there is no such column, or the rule cannot hold.
    public func split(by split: Split) throws(DatasetError) -> (train: Table, heldOut: Table) {
        try require(columns: split.columns)
        try split.check()
        guard split.isByChecksum else {
            return self.split { row in split.isHeldOut(split.columns.map { row[$0] }.joined(separator: " ")) }
        }
        let names = split.columns.map(fileNames(in:))
        return self.split { row in
            let fields = zip(split.columns, names).map { column, names in names[row[column]] ?? row.name(of: column) }
            return split.isHeldOut(fields.joined(separator: " "))
        }
    }
}

/// The checksum of zlib, PNG and Ethernet: polynomial 0x04C11DB7, bits reversed.
///
/// Splits use it because every language has it: the same rows are held out wherever the data are read.
/// - Source: Sarwate 1988, "Computation of cyclic redundancy checks via table look-up"; values equal zlib's `crc32`.
public enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    /// The checksum of some bytes; 0 for none.
    public static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let table = table
        var crc = ~UInt32(0)
        for byte in bytes { crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
        return ~crc
    }
}
