/// Which rows of the data an evaluation used, and by what rule: `3 of 25 rows of shop/pairs.tsv, chosen by: crc32 of
/// "filepath" modulo 8 is 0`.
public struct EvaluatedRows: Sendable, Codable, Equatable {
    /// The table's file or the folder.
    public let table: String
    /// Number of rows evaluated.
    public let evaluated: Int
    /// Number of rows that the table has.
    public let total: Int
    /// How they were chosen, in words.
    public let rule: String
    /// How many of the evaluated rows were trained on; nil where that is not known.
    public var trainedOn: Int?

    enum CodingKeys: String, CodingKey {
        case table, evaluated, total, rule
        case trainedOn = "trained_on"
    }

    /// The counts and rules of one evaluation.
    public init(table: String, evaluated: Int, total: Int, rule: String, trainedOn: Int? = nil) {
        (self.table, self.rule) = (table, rule)
        (self.evaluated, self.total) = (evaluated, total)
        self.trainedOn = trainedOn
    }

    /// One line for people.
    public var description: String {
        "\(evaluated) of \(total) \(total == 1 ? "row" : "rows") of \(table), chosen by: \(rule)"
            + (trainedOn.map { $0 > 0 ? "; \($0) of them trained on" : "" } ?? "")
    }
}

/// A file that an evaluation left out.
public struct UnreadableFile: Sendable, Codable, Equatable {
    /// The file's path.
    public let name: String
    /// Why it could not be read, in one line.
    public let reason: String

    /// - Parameters:
    ///   - name: the file's path.
    ///   - reason: one line, without the name.
    public init(name: String, reason: String) { (self.name, self.reason) = (name, reason) }
}
