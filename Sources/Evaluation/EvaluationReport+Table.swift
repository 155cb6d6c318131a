import ConcordFiles

extension EvaluationReport {
    /// The report as lines of aligned text for a terminal.
    public var table: String { text(withConfusions: true) }

    /// The same without confusion matrices.
    public var summary: String { text(withConfusions: false) }

    private func text(withConfusions: Bool) -> String {
        var blocks: [[String]] = []
        var remarks: [String] = []
        if let rows { remarks.append(rows.description) }
        if let unreadable, !unreadable.isEmpty { remarks.append(Self.sentence(about: unreadable)) }
        for (label, values) in (unknownValues ?? [:]).sorted(by: { $0.key < $1.key }) {
            remarks.append(Self.sentence(about: values, of: label))
        }
        remarks += notes ?? []
        if !remarks.isEmpty { blocks.append(remarks) }
        if let retrieval, !retrieval.isEmpty { blocks.append(Self.lines(retrieval)) }
        let probes =
            Self.named("zero-shot", zeroShot) + Self.named("k-NN", knn) + Self.named("linear probe", linearProbe)
        if !probes.isEmpty { blocks.append(Self.lines(probes)) }
        for (name, report) in probes where withConfusions && report.classes.count <= 12 {
            blocks.append(["\(name), rows true, columns predicted"] + Self.matrix(report))
        }
        if let maskedWords { blocks.append(Self.lines(maskedWords)) }
        return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private static func lines(_ retrieval: [String: Retrieval]) -> [String] {
        var table = AlignedTable()
        table.append("retrieval", ["R@1", "R@5", "R@10", "median rank", "queries", "candidates"])
        for (direction, found) in retrieval.sorted(by: { $0.key < $1.key }) {
            // R@K of K candidates or fewer is 1 whatever the model: it is not shown.
            let recalls = [(1, found.r1), (5, found.r5), (10, found.r10)].map { k, value in
                k < found.candidates ? NumberText.fixed(value, decimals: 3) : "-"
            }
            table.append(
                direction.split(separator: "_").joined(separator: " "),
                recalls + [
                    NumberText.fixed(found.medianRank, decimals: 1), String(found.queries), String(found.candidates),
                ])
        }
        return table.lines()
    }

    private static func lines(_ probes: [(String, Classification)]) -> [String] {
        var table = AlignedTable()
        table.append("classification", ["accuracy", "macro F1", "samples", "classes"])
        for (name, report) in probes {
            let samples = report.confusion.reduce(0) { $0 + $1.reduce(0, +) }
            table.append(
                name,
                [report.accuracy, report.macroF1].map { NumberText.fixed($0, decimals: 3) }
                    + [String(samples), String(report.classes.count)])
        }
        return table.lines()
    }

    private static func lines(_ words: MaskedWords) -> [String] {
        var table = AlignedTable()
        table.append("masked words", ["nats", "perplexity", "accuracy", "unigram nats", "tokens"])
        table.append(
            "held out",
            [
                NumberText.fixed(words.crossEntropy, decimals: 3), NumberText.fixed(words.perplexity, decimals: 1),
                NumberText.fixed(words.accuracy, decimals: 3), NumberText.fixed(words.unigramCrossEntropy, decimals: 3),
                String(words.tokens),
            ])
        return table.lines()
    }

    private static func named(_ part: String, _ reports: [String: Classification]?) -> [(String, Classification)] {
        (reports ?? [:]).sorted { $0.key < $1.key }.map { ("\(part) of \($0.key)", $0.value) }
    }

    private static func matrix(_ report: Classification) -> [String] {
        let names = report.classes.map { $0.count > 20 ? String($0.prefix(19)) + "…" : $0 }
        var table = AlignedTable()
        table.append("", names)
        for (name, counts) in zip(names, report.confusion) { table.append(name, counts.map(String.init)) }
        return table.lines()
    }

    private static func sentence(about files: [UnreadableFile]) -> String {
        let named = files.prefix(3).map { "\($0.name): \($0.reason)" }.joined(separator: "; ")
        return
            "\(files.count) \(files.count == 1 ? "file" : "files") could not be read and "
                + "\(files.count == 1 ? "is" : "are") left out: "
            + named + (files.count > 3 ? "; …" : "")
    }

    private static func sentence(about values: [String: Int], of label: String) -> String {
        let count = values.values.reduce(0, +)
        let names = values.sorted { $0.key < $1.key }.prefix(5).map { "\"\($0.key)\" (\($0.value))" }.joined(
            separator: ", ")
        return
            "label \(label): \(count) \(count == 1 ? "sample has a value" : "samples have values") that no training "
                + "row has, left out "
            + "of k-NN and linear probe: \(names)" + (values.count > 5 ? ", …" : "")
    }
}
