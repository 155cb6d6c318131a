import ConcordTensors

/// How predicted numbers compare with the true ones.
public struct RegressionMetrics: Sendable, Codable, Equatable {
    /// `1 - sum (y - p)^2 / sum (y - mean y)^2`: 1 where all are exact, 0 for the mean of the true ones, and negative
    /// for worse; nil where the true ones are all equal, of which it says nothing.
    public let r2: Double?
    /// Mean absolute error.
    public let mae: Double
    /// Root of the mean squared error.
    public let rmse: Double
    /// Number of predictions.
    public let count: Int

    /// - Parameters: predicted, truth: as many numbers; of none all errors are 0.
    public init(predicted: [Double], truth: [Double]) {
        ShapeCheck.require(
            predicted.count == truth.count, "RegressionMetrics",
            "\(predicted.count) predictions for \(truth.count) numbers")
        let n = Double(max(1, truth.count)), mean = truth.reduce(0, +) / n
        var absolute = 0.0, squares = 0.0, spread = 0.0
        for (guess, number) in zip(predicted, truth) {
            absolute += abs(guess - number)
            squares += (guess - number) * (guess - number)
            spread += (number - mean) * (number - mean)
        }
        r2 = spread > 0 && truth.contains { $0 != truth[0] } ? 1 - squares / spread : nil
        mae = absolute / n
        rmse = (squares / n).squareRoot()
        count = truth.count
    }
}
