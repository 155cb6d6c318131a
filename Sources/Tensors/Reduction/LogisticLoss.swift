#if canImport(Glibc)
    import Glibc
#endif

/// The loss of multinomial logistic regression and its gradient, for an optimizer in double precision.
///
///     loss = sum over rows of  -log softmax(W x_n + b)[y_n]
package struct LogisticLoss {
    private let features: Tensor
    private let labels: [Int]
    private let classes: Int
    /// Scratch: `[N, K]`, `[K, D]` and `[K, D]`.
    private let logits, weight, gradient: Tensor

    /// - Parameters:
    ///   - features: `[N, D]`, float32.
    ///   - labels: N numbers in `0 ..< classes`.
    package init(features: Tensor, labels: [Int], classes: Int) {
        ShapeCheck.require(
            features.rank == 2 && features.shape[0] == labels.count
                && labels.allSatisfy { (0..<classes).contains($0) },
            "LogisticLoss", "features \(features.shape) with \(labels.count) labels of \(classes) classes")
        self.features = features.detached
        self.labels = labels
        self.classes = classes
        let width = features.shape[1]
        logits = Tensor(uninitialized: [labels.count, classes])
        weight = Tensor(uninitialized: [classes, width])
        gradient = Tensor(uninitialized: [classes, width])
    }

    /// Of W and of b.
    package var parameterCount: Int { classes * (features.shape[1] + 1) }

    /// - Parameters:
    ///   - point: W `[K, D]` and then b `[K]`.
    ///   - gradient: of the same count, written.
    package func callAsFunction(_ point: [Double], gradient slope: inout [Double]) -> Double {
        let count = labels.count, width = features.shape[1], bias = classes * width
        let x = features.float32Pointer, w = weight.float32Pointer, z = logits.float32Pointer
        let dw = gradient.float32Pointer
        for i in 0..<bias { w[i] = Float(point[i]) }
        GEMM.multiply(
            m: count, n: classes, k: width, x, lda: width, w, ldb: width, transposeB: true, z, ldc: classes)
        var loss = 0.0
        for k in 0..<classes { slope[bias + k] = 0 }
        for n in 0..<count {
            let row = z + n * classes, label = labels[n]
            var top = -Double.infinity
            for k in 0..<classes { top = max(top, Double(row[k]) + point[bias + k]) }
            var sum = 0.0
            for k in 0..<classes { sum += exp(Double(row[k]) + point[bias + k] - top) }
            loss -= Double(row[label]) + point[bias + label] - top - log(sum)
            for k in 0..<classes {
                let p = exp(Double(row[k]) + point[bias + k] - top) / sum - (label == k ? 1 : 0)
                row[k] = Float(p)
                slope[bias + k] += p
            }
        }
        GEMM.multiply(
            m: classes, n: width, k: count, z, lda: classes, transposeA: true, x, ldb: width, dw, ldc: width)
        for i in 0..<bias { slope[i] = Double(dw[i]) }
        return loss
    }
}
