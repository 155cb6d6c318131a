/// A rule that says which rows of a table are held out, from one column alone: it stands whatever the order and number of rows.
public struct Split: Hashable, Sendable {
    private enum Rule: Hashable {
        case checksum(modulo: Int, remainder: Int)
        case values(Set<String>)
    }

    public let column: String
    private let rule: Rule

    /// Holds out the rows whose field has a CRC-32 (of its UTF-8 bytes) that leaves `remainder` modulo `modulo`: about one in `modulo`.
    public init(column: String, modulo: Int, remainder: Int = 0) {
        self.column = column
        rule = .checksum(modulo: modulo, remainder: remainder)
    }

    /// Holds out the rows whose field is one of `values`: `Split(column: "take", values: ["0", "1"])`.
    public init(column: String, values: some Sequence<String>) {
        self.column = column
        rule = .values(Set(values))
    }

    func isHeldOut(_ row: Row) -> Bool {
        switch rule {
        case .checksum(let modulo, let remainder): Int(CRC32.checksum(row[column].utf8)) % modulo == remainder
        case .values(let values): values.contains(row[column])
        }
    }

    func check() throws(DatasetError) {
        guard case .checksum(let modulo, let remainder) = rule else { return }
        if modulo < 2 { throw .split(column: column, reason: "modulo \(modulo) leaves nothing to tell apart; 2 or more wanted") }
        if !(0..<modulo).contains(remainder) {
            throw .split(column: column, reason: "remainder \(remainder) must be in 0 ... \(modulo - 1)")
        }
    }
}

extension Table {
    /// The rows to train on and those held out.
    /// - Throws: `DatasetError` where there is no such column, or the rule cannot hold.
    public func split(by split: Split) throws(DatasetError) -> (train: Table, heldOut: Table) {
        try require(columns: [split.column])
        try split.check()
        return self.split(where: split.isHeldOut)
    }
}
