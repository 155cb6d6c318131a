import Logging

/// The rows of a table that were left out, and why.
public struct BadRows: Sendable {
    /// Number of rows that were left out.
    public private(set) var count = 0
    /// The first few, each in one line with its place: `catalogue.tsv:17: 2 fields, 3 wanted`.
    public private(set) var examples: [String] = []

    /// Bad rows beyond which a table is refused when they are also more than the fraction allowed.
    static let tolerated = 8

    mutating func append(_ example: @autoclosure () -> String) {
        count += 1
        if examples.count < Self.tolerated { examples.append(example()) }
    }

    /// Names them in the log.
    /// - Throws: `DatasetError.tooManyBadRows` where no row is good, or more than `fraction` of many are bad.
    func check(path: String, good: Int, fraction: Double) throws(DatasetError) {
        guard count > 0 else { return }
        if good == 0 || (count > Self.tolerated && Double(count) > fraction * Double(good + count)) {
            throw .tooManyBadRows(path: path, bad: count, rows: good + count, examples: Array(examples.prefix(3)))
        }
        let log = Logger(label: "concord.datasets")
        for example in examples { log.warning("row skipped: \(example)") }
        if count > examples.count { log.warning("\(path): \(count) rows skipped in all, of \(good + count)") }
    }
}
