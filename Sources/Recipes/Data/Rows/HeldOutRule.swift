package import ConcordDatasets
import ConcordEvaluation

/// Which rows of the data an evaluation is on.
enum RowChoice: Sendable {
    /// Those that the recipe holds out.
    case heldOut
    /// Every row of `data.path`, for the reason given.
    case all(because: String)
}

/// How the held-out rows were chosen, with the counts.
struct HeldOutRule: Sendable {
    /// `crc32 of "filepath" modulo 8 is 0`.
    let words: String
    /// The table or folder that the held-out rows are from.
    let table: String
    let total: Int
    let heldOut: Int

    var evaluated: EvaluatedRows { EvaluatedRows(table: table, evaluated: heldOut, total: total, rule: words) }
}

extension DataSettings.Split {
    package var rule: Split {
        values.isEmpty
            ? Split(columns: columns, modulo: modulo, remainder: remainder)
            : Split(column: columns.first ?? "", values: values)
    }

    /// The rule in words.
    var words: String {
        if let last { return "being in the last \(last) of its video's frames" }
        let column = columns.joined(separator: " ")
        guard !values.isEmpty else { return "crc32 of \"\(column)\" modulo \(modulo) is \(remainder)" }
        let listed = values.prefix(8).joined(separator: ", ") + (values.count > 8 ? ", … (\(values.count) values)" : "")
        return values.count == 1 ? "\"\(column)\" is \(listed)" : "\"\(column)\" is one of \(listed)"
    }
}
