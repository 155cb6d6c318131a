import ConcordTensors

/// What fits of ``RidgeProbe`` to the same samples share: standardized features and their products.
final class RidgeFit {
    private let mean, std: [Double]
    private let features: Tensor
    private let bias: Double
    /// X Xᵀ of the features, `[D, D]`, in float32 products.
    private let gram: [Double]
    /// `Xᵀ (y - mean y)`.
    private let right: [Double]

    init(features: Tensor, targets: [Double]) {
        ShapeCheck.require(
            features.rank == 2 && features.shape[0] == targets.count && !targets.isEmpty, "RidgeProbe",
            "features \(features.shape) with \(targets.count) targets")
        ShapeCheck.require(targets.allSatisfy(\.isFinite), "RidgeProbe", "a target is not finite")
        let (mean, variance) = features.columnMoments()
        self.mean = mean
        std = variance.map { $0 > 0 ? $0.squareRoot() : 1 }
        self.features = features.standardized(mean: mean, std: std)
        let bias = targets.reduce(0, +) / Double(targets.count)
        self.bias = bias
        gram = self.features.gram()
        right = self.features.columnSums(weights: targets.map { $0 - bias })
    }

    /// The minimum, by conjugate gradients in double precision with the inverse of the float32 products as
    /// preconditioner: some two or three steps.
    func probe(penalty: Double) -> RidgeProbe {
        ShapeCheck.require(penalty > 0, "RidgeProbe", "penalty \(penalty) must be positive")
        let width = right.count, diagonal = (0..<width).reduce(0.0) { max($0, gram[$1 * width + $1]) }
        var matrix = gram
        // The floor keeps features that depend on each other from a singular matrix.
        for d in 0..<width { matrix[d * width + d] += max(penalty, 1e-6 * diagonal) }
        let factor = Cholesky(matrix, size: width)
        func preconditioned(_ vector: [Double]) -> [Double] {
            var result = vector
            factor?.solve(&result)
            return result
        }
        var weight = [Double](repeating: 0, count: width), residual = right
        var z = preconditioned(residual), direction = z, size = dot(residual, z)
        let goal = 1e-22 * size
        for _ in 0..<200 where size > goal {
            let image = zip(features.columnSums(weights: features.products(with: direction)), direction)
                .map { $0 + penalty * $1 }
            let length = size / dot(direction, image)
            for d in 0..<width {
                weight[d] += length * direction[d]
                residual[d] -= length * image[d]
            }
            z = preconditioned(residual)
            let next = dot(residual, z)
            for d in 0..<width { direction[d] = z[d] + next / size * direction[d] }
            size = next
        }
        return RidgeProbe(weight: weight, bias: bias, mean: mean, std: std)
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
}
