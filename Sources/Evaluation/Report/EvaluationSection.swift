import ConcordFiles
public import ConcordLayers

/// What one evaluation found: its metrics, a table for people, and what JSON shows under its name.
///
/// ```swift
/// EvaluationSection("brightness", [Metric("error", 0.12, isBetter: .lower)])     // its metric: brightness.error
/// ```
public struct EvaluationSection: Sendable {
    /// The key of `content` in the report's JSON: `retrieval`.
    public let name: String
    /// Named by their path: `retrieval.image_to_text.r1`.
    public let metrics: [Metric]
    /// What a terminal shows; sections whose tables have the same columns share one.
    public let table: EvaluationTable?
    /// Further blocks of lines below the table, left out of a summary: confusion matrices.
    public let details: [[String]]
    /// Sentences for the head of the report: what the evaluation left out.
    public let remarks: [String]
    /// What is encoded under `name`.
    public let content: any Codable & Sendable & Equatable

    /// A section of any content.
    public init(
        name: String, metrics: [Metric], table: EvaluationTable?, details: [[String]] = [], remarks: [String] = [],
        content: any Codable & Sendable & Equatable
    ) {
        self.name = name
        self.metrics = metrics
        self.table = table
        self.details = details
        self.remarks = remarks
        self.content = content
    }

    /// A section of some numbers: one row of a table, and an object of numbers in JSON.
    /// - Parameter metrics: named within the section; `name` and a point are put before.
    public init(_ name: String, _ metrics: [Metric]) {
        self.init(
            name: name, metrics: metrics.map { Metric("\(name).\($0.name)", $0.value, isBetter: $0.isBetter) },
            table: EvaluationTable(
                columns: [name] + metrics.map(\.name),
                rows: [["held out"] + metrics.map { NumberText.fixed($0.value, decimals: 3) }]),
            content: Dictionary(metrics.map { ($0.name, $0.value) }) { _, last in last })
    }
}

extension EvaluationSection: Equatable {
    public static func == (a: EvaluationSection, b: EvaluationSection) -> Bool {
        func areEqual<Content: Equatable>(_ own: Content, _ other: any Equatable) -> Bool { other as? Content == own }
        return a.name == b.name && a.metrics == b.metrics && a.table == b.table && a.details == b.details
            && a.remarks == b.remarks && areEqual(a.content, b.content)
    }
}

/// Rows of text under headed columns.
public struct EvaluationTable: Sendable, Equatable {
    /// The heads; the first is the table's own name.
    public let columns: [String]
    /// Each with as many cells as there are columns, its name first.
    public let rows: [[String]]

    /// - Parameters:
    ///   - columns: the heads, the table's name first.
    ///   - rows: as many cells each, the row's name first.
    public init(columns: [String], rows: [[String]]) {
        self.columns = columns
        self.rows = rows
    }
}
