import ConcordTensors

/// How predicted numbers compare with the true ones.
public struct Regression: Sendable, Codable, Equatable {
    /// Mean absolute error, and the root of the mean squared error, in the numbers' unit; 0 without samples.
    public let mae, rmse: Double
    /// The fraction of the variance that is explained, `1 - sum (y - p)^2 / sum (y - mean y)^2`: 1 at best, 0 for the
    /// best constant, below 0 for worse; nil where all true numbers are equal, as it has no meaning.
    public let r2: Double?
    /// How many were compared.
    public let samples: Int

    /// - Parameters:
    ///   - predicted: numbers.
    ///   - truth: as many.
    /// - Precondition: as many of both.
    public init(predicted: [Double], truth: [Double]) {
        ShapeCheck.require(
            predicted.count == truth.count, "Regression", "\(predicted.count) predictions for \(truth.count) numbers")
        let count = Double(max(1, truth.count)), mean = truth.reduce(0, +) / count
        let errors = zip(predicted, truth).map { $0 - $1 }, squares = errors.reduce(0) { $0 + $1 * $1 }
        mae = errors.reduce(0) { $0 + abs($1) } / count
        rmse = (squares / count).squareRoot()
        let variance = truth.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        r2 = variance > 0 ? 1 - squares / variance : nil
        samples = truth.count
    }
}
