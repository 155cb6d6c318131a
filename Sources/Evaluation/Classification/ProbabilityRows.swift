import ConcordTensors

/// Probabilities or logits of classes in double precision, with the true class and the weight of each sample.
struct ProbabilityRows {
    let values: [Double]
    let classes: Int
    let truth: [Int]
    let weights: [Double]?
    /// The sum of all weights.
    let total: Double

    /// - Parameter matrix: `[N, K]`, with N class numbers in `0 ..< K` and N weights.
    init(_ matrix: Tensor, truth: [Int], weights: [Double]?, in operation: String) {
        ShapeCheck.require(
            matrix.rank == 2 && matrix.shape[0] == truth.count, operation,
            "[N, K] wanted, shape is \(matrix.shape) with \(truth.count) true classes")
        let classes = matrix.shape[1]
        ShapeCheck.require(
            truth.allSatisfy((0..<classes).contains), operation,
            "class numbers \(truth.min() ?? 0) to \(truth.max() ?? 0) with \(classes) classes")
        SampleWeights.require(weights, count: truth.count, in: operation)
        values = matrix.scalars.map(Double.init)
        (self.classes, self.truth) = (classes, truth)
        self.weights = weights
        total = weights?.reduce(0, +) ?? Double(truth.count)
    }

    /// Stops unless all values are probabilities.
    func requireProbabilities(in operation: String) {
        ShapeCheck.require(
            values.allSatisfy { $0 >= 0 && $0 <= 1.00001 }, operation,
            "probabilities in 0...1 wanted, values are \(values.min() ?? 0) to \(values.max() ?? 0)")
    }

    func weight(of sample: Int) -> Double { weights?[sample] ?? 1 }

    func row(_ sample: Int) -> ArraySlice<Double> { values[sample * classes..<(sample + 1) * classes] }

    func column(_ k: Int) -> [Double] { truth.indices.map { values[$0 * classes + k] } }

    /// The most probable class of a sample, of equal ones the first, and its value.
    func top(of sample: Int) -> (label: Int, value: Double) {
        let row = row(sample)
        var best = row.startIndex
        for place in row.indices where row[place] > row[best] { best = place }
        return (best - row.startIndex, row[best])
    }

    /// The weighted mean over samples; nil without weight.
    func mean(_ value: (Int) -> Double) -> Double? {
        Ratio.of(truth.indices.reduce(0) { $0 + weight(of: $1) * value($1) }, total)
    }
}
