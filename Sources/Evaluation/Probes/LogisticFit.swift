import ConcordTensors

/// What fits of ``LinearProbe`` to the same samples share: their standardized features and their covariance.
final class LogisticFit {
    let mean, std: [Double]
    private let features: Tensor
    private let classes: Int
    /// The classes that have samples.
    private let present: [Int]
    private let loss: LogisticLoss
    private let totalWeight: Double
    /// 1/N sum of weight x xᵀ, `[D, D]`, where it pays.
    private lazy var covariance: [Double] = makeCovariance()
    private let weights: [Float]?
    /// Where the last fit ended, for the next one: W and b of the present classes, and the loss's mean curvature there.
    private var last: (point: [Double], curvature: Double)?

    /// - Parameter weights: of samples; nil is 1 each.
    init(features: Tensor, labels: [Int], classes: Int, weights: [Double]?) {
        ShapeCheck.require(
            features.rank == 2 && features.shape[0] == labels.count && !labels.isEmpty, "LinearProbe",
            "features \(features.shape) with \(labels.count) labels")
        ShapeCheck.require(
            labels.allSatisfy((0..<classes).contains), "LinearProbe",
            "labels \(labels.min() ?? 0) to \(labels.max() ?? 0) with \(classes) classes")
        let (mean, variance) = features.columnMoments()
        self.mean = mean
        // A constant feature keeps its scale, as StandardScaler leaves it.
        std = variance.map { $0 > 0 ? $0.squareRoot() : 1 }
        self.features = features.standardized(mean: mean, std: std)
        self.classes = classes
        var counts = [Int](repeating: 0, count: classes)
        for (n, label) in labels.enumerated() where weights.map({ $0[n] > 0 }) ?? true { counts[label] += 1 }
        let present = counts.indices.filter { counts[$0] > 0 }
        ShapeCheck.require(!present.isEmpty, "LinearProbe", "no sample has a weight above 0")
        self.present = present
        var places = [Int](repeating: 0, count: classes)
        for (place, label) in present.enumerated() { places[label] = place }
        self.weights = weights?.map(Float.init)
        totalWeight = weights?.reduce(0, +) ?? Double(labels.count)
        loss = LogisticLoss(
            features: self.features, labels: labels.map { places[$0] }, classes: present.count, weights: self.weights)
    }

    private var count: Int { features.shape[0] }
    private var width: Int { features.shape[1] }

    /// Minimizes from where the last fit ended, or from zero.
    func probe(strength: Double, tolerance: Double, iterations: Int) -> LinearProbe {
        ShapeCheck.require(strength > 0, "LinearProbe", "strength \(strength) must be positive")
        let k = present.count, weights = k * width, parameters = loss.parameterCount
        // The sum is divided by C and by the weights, as scikit-learn's is. One vector w = W[1] - W[0] of norm |w| is
        // two of |w| / 2.
        let penalty = k == 2 ? 2.0 : 1.0, scale = 1 / totalWeight, shrinkage = penalty / (strength * totalWeight)
        let curvature = last?.curvature ?? 1 / Double(max(1, k))
        let coordinates = makeCoordinates(data: curvature, shrinkage: shrinkage)
        var point = last?.point ?? [Double](repeating: 0, count: parameters), spread = 0.0
        var slope = [Double](repeating: 0, count: parameters)
        let minimum = point.withUnsafeMutableBufferPointer { point in
            slope.withUnsafeMutableBufferPointer { slope -> LBFGS.Minimum in
                guard let w = point.baseAddress, let dw = slope.baseAddress else {
                    ShapeCheck.fail("LinearProbe", "no parameters")
                }
                return LBFGS(tolerance: tolerance, iterations: iterations).minimize(
                    from: coordinates.whitened(Array(point)), isScaled: covariancePays,
                    size: { _ in DoubleVectors.largestMagnitude(dw, parameters) }
                ) { whitened, gradient in
                    coordinates.restore(whitened, into: w)
                    let found = loss.evaluate(w, gradient: dw)
                    DoubleVectors.scale(dw, by: scale, parameters)
                    DoubleVectors.add(w, times: shrinkage, to: dw, weights)
                    coordinates.pullBack(dw, into: gradient)
                    spread = found.curvature
                    return scale * found.loss + shrinkage / 2 * DoubleVectors.dot(w, w, weights)
                }
            }
        }
        // The last point evaluated need not be the one accepted.
        point.withUnsafeMutableBufferPointer { point in
            minimum.point.withUnsafeBufferPointer { found in
                if let w = point.baseAddress { coordinates.restore(found, into: w) }
            }
        }
        last = (point, k > 1 ? max(1e-3 / Double(k), spread / totalWeight / Double(k - 1)) : 1)
        return LinearProbe(
            self, weight: placed(Array(point[..<weights]), width: width, elsewhere: 0),
            bias: placed(Array(point[weights...]), width: 1, elsewhere: -.infinity).reshaped([classes]),
            objective: minimum.value * totalWeight * strength, minimum: minimum)
    }

    /// Rows of the present classes among all.
    private func placed(_ rows: [Double], width: Int, elsewhere: Float) -> Tensor {
        let all = Tensor(repeating: elsewhere, shape: [classes, width])
        for (place, label) in present.enumerated() {
            for d in 0..<width { all.float32Pointer[label * width + d] = Float(rows[place * width + d]) }
        }
        return all
    }

    // MARK: Coordinates

    /// Factoring the covariance takes about D^3 operations at a tenth of the products' rate, and saves some fifty
    /// evaluations of 4 N D K.
    private var covariancePays: Bool { 20 * count * present.count >= width * width }

    private func makeCoordinates(data: Double, shrinkage: Double) -> WhitenedCoordinates {
        let classes = present.count
        guard covariancePays else {
            return WhitenedCoordinates(width: width, classes: classes, scale: 1 / (data + shrinkage).squareRoot())
        }
        // A floor for features that depend on each other.
        let diagonal = shrinkage + 1e-6 * data
        var matrix = covariance.map { data * $0 }
        for d in 0..<width { matrix[d * width + d] += diagonal }
        guard let factor = Cholesky(matrix, size: width) else {
            return WhitenedCoordinates(width: width, classes: classes, scale: 1 / (data + shrinkage).squareRoot())
        }
        return WhitenedCoordinates(factor, classes: classes, biasScale: 1 / data.squareRoot())
    }

    private func makeCovariance() -> [Double] {
        // Some rows for each feature say enough.
        let step = max(1, count / max(4096, 16 * width))
        let gram = features.gram(weights: weights, step: step), mean = totalWeight / Double(count)
        let rows = Double((count + step - 1) / step)
        return gram.map { $0 / (rows * mean) }
    }
}
