public import ConcordEvaluation

/// `data.subset`: some of the training rows, drawn class by class.
///
/// ```yaml
/// data: {path: descriptions.tsv, labels: [section], subset: {fraction: 0.01, draw: 3}}
/// ```
/// Held-out rows stay as they are. Classes are those of all training rows.
public struct SubsetSettings: Sendable {
    /// The column of the classes that each give their part; rows without a value in it are not drawn.
    public let column: String
    /// How many rows of each class.
    public let amount: LabelAmount
    /// Which of the possible draws.
    public let draw: Int

    init(_ fields: Fields, labels: [String]) throws {
        column = try fields.string(
            "column", default: labels.first ?? "", "The column whose classes each give their part.")
        guard !column.isEmpty else {
            throw fields.fault("column", "a column of classes wanted; data.labels names none")
        }
        guard !fields.has("per_class") || !fields.has("fraction") else {
            throw fields.fault("per_class", "give fraction or per_class, not both")
        }
        if let count = try fields.integer("per_class", in: 1...1_000_000, "Rows of each class, in place of fraction.") {
            amount = .perClass(count)
        } else {
            amount = .fraction(
                try fields.number("fraction", default: 0.1, in: 1e-6...1, "The fraction of each class's rows."))
        }
        draw = try fields.integer("draw", default: 0, in: 0...1_000_000, "Which of the possible draws.")
    }
}

extension SubsetSettings: CustomStringConvertible {
    /// `0.01 of each section`.
    public var description: String {
        switch amount {
        case .fraction(let fraction): "\(fraction) of each \(column)"
        case .perClass(let count): "\(count) of each \(column)"
        }
    }
}
