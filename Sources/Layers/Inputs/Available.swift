import ConcordTensors

/// The inputs of those samples of a batch that have a modality: some products have no image, some clips no caption.
///
/// ```swift
/// struct Mixed: Sendable { let image: Available<Tensor>?; let text: Tokens; let audio: Available<Waveform>? }
///
/// let audio = Available(of: samples, \.clip) { Waveform($0, rate: 8000) }       // nil where no sample has one
/// ```
///
/// A batch holds an optional of it: nil where none of its samples has the modality.
public struct Available<Input: Sendable>: Sendable {
    /// Of the samples that have it alone, in the batch's order.
    public let input: Input
    /// Which of the batch's samples these are, ascending; nil: all.
    public let rows: [Int]?
    /// Number N of samples in the batch, those without included.
    public let count: Int

    /// Every sample of the batch has the modality.
    public init(_ input: Input, count: Int) { (self.input, rows, self.count) = (input, nil, count) }

    /// - Parameter rows: ascending places in `0 ..< count`, one for each row of the input.
    public init(_ input: Input, rows: [Int], of count: Int) {
        ShapeCheck.require(
            zip(rows, rows.dropFirst()).allSatisfy { $0 < $1 } && rows.first.map { $0 >= 0 } ?? true
                && rows.last.map { $0 < count } ?? true,
            "Available", "rows \(rows) are not ascending places in 0 ..< \(count)")
        (self.input, self.rows, self.count) = (input, rows.count == count ? nil : rows, count)
    }

    /// Puts together what samples have.
    /// - Parameters:
    ///   - part: what a sample has, nil for nothing.
    ///   - collate: makes an input of what there is.
    /// - Returns: nil if no sample has it.
    public init?<Sample, Part>(
        of samples: [Sample], _ part: (Sample) throws -> Part?, _ collate: ([Part]) throws -> Input
    ) rethrows {
        var rows: [Int] = [], parts: [Part] = []
        for (row, sample) in samples.enumerated() {
            guard let found = try part(sample) else { continue }
            rows.append(row)
            parts.append(found)
        }
        if parts.isEmpty { return nil }
        self.init(try collate(parts), rows: rows, of: samples.count)
    }
}
