extension EvaluationReport {
    /// The report as lines of aligned text for a terminal.
    public var table: String { lines(withConfusions: true) }

    /// The same without confusion matrices.
    public var summary: String { lines(withConfusions: false) }

    private func lines(withConfusions: Bool) -> String {
        var lines: [String] = []
        if let retrieval, !retrieval.isEmpty {
            lines.append(Self.row("retrieval", ["R@1", "R@5", "R@10", "median rank", "candidates"]))
            for (direction, found) in retrieval.sorted(by: { $0.key < $1.key }) {
                lines.append(
                    Self.row(
                        direction.replacingUnderscores,
                        [found.r1, found.r5, found.r10].map { Self.number($0, 3) } + [
                            Self.number(found.medianRank, 1), String(found.candidates),
                        ]))
            }
        }
        let probes =
            (zeroShot.map { [("zero-shot", $0)] } ?? []) + Self.named("k-NN", knn) + Self.named("linear probe", linearProbe)
        if !probes.isEmpty {
            if !lines.isEmpty { lines.append("") }
            lines.append(Self.row("classification", ["accuracy", "macro F1", "samples", "classes"]))
            for (name, report) in probes {
                let samples = report.confusion.reduce(0) { $0 + $1.reduce(0, +) }
                lines.append(
                    Self.row(
                        name,
                        [Self.number(report.accuracy, 3), Self.number(report.macroF1, 3), String(samples), String(report.classes.count)]))
            }
            for (name, report) in probes where withConfusions && report.classes.count <= 12 {
                lines += ["", "\(name), rows true, columns predicted"] + Self.matrix(report)
            }
        }
        if let words = maskedWords {
            if !lines.isEmpty { lines.append("") }
            lines.append(Self.row("masked words", ["nats", "perplexity", "accuracy", "unigram nats", "tokens"]))
            lines.append(
                Self.row(
                    "held out",
                    [Self.number(words.crossEntropy, 3), Self.number(words.perplexity, 1), Self.number(words.accuracy, 3)]
                        + [Self.number(words.unigramCrossEntropy, 3), String(words.tokens)]))
        }
        return lines.joined(separator: "\n")
    }

    private static func named(_ part: String, _ reports: [String: Classification]?) -> [(String, Classification)] {
        (reports ?? [:]).sorted { $0.key < $1.key }.map { ("\(part) of \($0.key)", $0.value) }
    }

    private static func matrix(_ report: Classification) -> [String] {
        let heads = report.classes.map { String($0.prefix(10)) }
        return [row("", heads)] + zip(heads, report.confusion).map { row($0, $1.map(String.init)) }
    }

    private static func row(_ head: String, _ cells: [String]) -> String {
        head.padded(to: 24) + cells.map { $0.padded(to: 12, leading: true) }.joined()
    }

    private static func number(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "-" }
        guard abs(value) < 1e12 else { return String(value) }
        let scale = [1.0, 10, 100, 1000][digits]
        let rounded = Int((value * scale).rounded())
        let fraction = String(rounded % Int(scale))
        return "\(rounded / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}

extension String {
    fileprivate func padded(to width: Int, leading: Bool = false) -> String {
        let fill = String(repeating: " ", count: max(0, width - count))
        return leading ? fill + self : self + fill
    }

    fileprivate var replacingUnderscores: String { split(separator: "_").joined(separator: " ") }
}
