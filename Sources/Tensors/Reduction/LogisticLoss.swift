/// The loss of multinomial logistic regression and its gradient, for an optimizer in double precision.
///
///     loss = sum over rows of  weight_n * -log softmax(W x_n + b)[y_n]
///
/// Products are in float32, a block of rows at a time; sums over blocks are in double precision. Equal points and
/// thread counts give equal bits.
package final class LogisticLoss {
    /// What the loss is at a point.
    package struct Evaluation {
        /// The loss.
        package var loss = 0.0
        /// `sum over rows of weight_n sum_k p_k (1 - p_k)` of the probabilities p: the loss's curvature over logits.
        package var curvature = 0.0
    }

    private let features: Tensor
    private let labels: [Int32]
    private let classes: Int
    private let weights: [Float]?
    private let threads: Int
    /// Scratch of each thread: `[threads, rows of a block, K]`, `[threads, K, D]`; and W `[K, D]` and b `[K]`.
    private let logits, products, weight, bias: Tensor
    /// Sums of each thread: of the gradient by W and b, and of the evaluation.
    private var sums: [Double]

    private static let block = 1024
    /// Blocks whose gradients are added up in float32.
    private static let group = 8

    /// - Parameters:
    ///   - features: `[N, D]`, float32.
    ///   - labels: N numbers in `0 ..< classes`.
    ///   - weights: of each row; 1 where left out.
    package init(features: Tensor, labels: [Int], classes: Int, weights: [Float]? = nil) {
        ShapeCheck.require(
            features.rank == 2 && features.shape[0] == labels.count
                && labels.allSatisfy { (0..<classes).contains($0) },
            "LogisticLoss", "features \(features.shape) with \(labels.count) labels of \(classes) classes")
        ShapeCheck.require(
            weights.map { $0.count == labels.count } ?? true, "LogisticLoss",
            "\(weights?.count ?? 0) weights for \(labels.count) labels")
        self.features = features.detached
        self.labels = labels.map(Int32.init)
        self.classes = classes
        self.weights = weights
        let width = features.shape[1]
        threads = max(1, min(Threads.count, labels.count * classes * width / 100_000))
        logits = Tensor(uninitialized: [threads, min(Self.block, labels.count), classes])
        products = Tensor(uninitialized: [threads, classes, width])
        weight = Tensor(uninitialized: [classes, width])
        bias = Tensor(uninitialized: [classes])
        sums = [Double](repeating: 0, count: threads * (classes * (width + 1) + 2))
    }

    /// Of W and of b.
    package var parameterCount: Int { classes * (features.shape[1] + 1) }

    /// - Parameters:
    ///   - point: W `[K, D]` and then b `[K]`.
    ///   - gradient: of the same count, written.
    package func callAsFunction(_ point: UnsafePointer<Double>, gradient: UnsafeMutablePointer<Double>) -> Double {
        evaluate(point, gradient: gradient).loss
    }

    /// The same, with the curvature.
    package func evaluate(_ point: UnsafePointer<Double>, gradient: UnsafeMutablePointer<Double>) -> Evaluation {
        let parameters = parameterCount, weights = parameters - classes
        DoubleVectors.round(point, to: weight.float32Pointer, weights)
        DoubleVectors.round(point + weights, to: bias.float32Pointer, classes)
        return sums.withUnsafeMutableBufferPointer { sums in
            guard let sums = sums.baseAddress else { return Evaluation() }
            let stride = parameters + 2, threads = threads
            sums.update(repeating: 0, count: threads * stride)
            withExtendedLifetime(self) {
                Parallel.run(threads) { for thread in $0 { addRows(of: thread, to: sums + thread * stride) } }
            }
            for thread in 1..<max(1, threads) { DoubleVectors.add(sums + thread * stride, to: sums, stride) }
            gradient.update(from: sums, count: parameters)
            return Evaluation(loss: sums[parameters], curvature: sums[parameters + 1])
        }
    }

    private func addRows(of thread: Int, to sums: UnsafeMutablePointer<Double>) {
        let count = labels.count, width = features.shape[1], size = classes * width
        let x = features.float32Pointer, w = weight.float32Pointer, dw = products.float32Pointer + thread * size
        let z = logits.float32Pointer + thread * logits.shape[1] * classes
        let end = count * (thread + 1) / threads
        var summed = 0
        for first in stride(from: count * thread / threads, to: end, by: Self.block) {
            let rows = min(Self.block, end - first)
            GEMM.serial(rows, classes, width, 1, x + first * width, width, false, w, width, true, 0, z, classes)
            addLosses(z, first, rows, to: sums + size)
            GEMM.serial(
                classes, width, rows, 1, z, classes, true, x + first * width, width, false, summed == 0 ? 0 : 1, dw,
                width)
            summed += 1
            if summed == Self.group || first + rows == end {
                DoubleVectors.add(floats: dw, to: sums, size)
                summed = 0
            }
        }
    }

    private func addLosses(
        _ z: UnsafeMutablePointer<Float>, _ first: Int, _ rows: Int, to sums: UnsafeMutablePointer<Double>
    ) {
        labels.withUnsafeBufferPointer { labels in
            guard let label = labels.baseAddress else { return }
            let addLosses = { (weight: UnsafePointer<Float>?) in
                Kernels.logisticRows(
                    z, bias: self.bias.float32Pointer, labels: label + first, weights: weight, sums: sums,
                    totals: sums + self.classes, rows: rows, classes: self.classes)
            }
            guard let weights else { return addLosses(nil) }
            weights.withUnsafeBufferPointer { addLosses($0.baseAddress.map { $0 + first }) }
        }
    }
}
