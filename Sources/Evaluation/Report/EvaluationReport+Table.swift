extension EvaluationReport {
    /// The report as lines of aligned text for a terminal.
    public var table: String { text(withDetails: true) }

    /// The same without the sections' details: confusion matrices.
    public var summary: String { text(withDetails: false) }

    private func text(withDetails: Bool) -> String {
        var blocks: [[String]] = []
        let remarks = self.remarks
        if !remarks.isEmpty { blocks.append(remarks) }
        var shown: [[String]] = []
        for case let columns? in sections.map({ $0.table?.columns }) where !shown.contains(columns) {
            shown.append(columns)
            let sharing = sections.filter { $0.table?.columns == columns }
            blocks.append(Self.lines(columns, sharing.flatMap { $0.table?.rows ?? [] }))
            if withDetails { blocks += sharing.flatMap(\.details) }
        }
        return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var remarks: [String] {
        var remarks: [String] = []
        if let rows { remarks.append(rows.description) }
        if let unreadable, !unreadable.isEmpty { remarks.append(Self.sentence(about: unreadable)) }
        return remarks + sections.flatMap(\.remarks) + (notes ?? [])
    }

    private static func lines(_ columns: [String], _ rows: [[String]]) -> [String] {
        var table = AlignedTable()
        for cells in [columns] + rows { table.append(cells.first ?? "", Array(cells.dropFirst())) }
        return table.lines()
    }

    private static func sentence(about files: [UnreadableFile]) -> String {
        let named = files.prefix(3).map { "\($0.name): \($0.reason)" }.joined(separator: "; ")
        return "\(files.count) \(files.count == 1 ? "file" : "files") could not be read and "
            + "\(files.count == 1 ? "is" : "are") left out: " + named + (files.count > 3 ? "; …" : "")
    }
}
