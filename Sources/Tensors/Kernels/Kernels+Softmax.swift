import CKernels

// MARK: Softmax over the last axis

extension Kernels {
    private typealias RowFunction = (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int, Int) -> Void
    private typealias RowPullback = (
        UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Int, Int
    ) -> Void

    /// - Parameter x: `[..., C]`, float32; a row of -infinity alone gives zeros.
    static func softmax(_ x: Tensor) -> Tensor { byRows(x, concord_softmax) }

    /// From the output and the upstream gradient.
    static func softmaxPullback(_ upstream: Tensor, output: Tensor) -> Tensor {
        byRows(upstream, output, concord_softmax_pullback)
    }

    /// - Parameter x: `[..., C]`, float32.
    static func logSoftmax(_ x: Tensor) -> Tensor { byRows(x, concord_log_softmax) }

    /// From the output and the upstream gradient.
    static func logSoftmaxPullback(_ upstream: Tensor, output: Tensor) -> Tensor {
        byRows(upstream, output, concord_log_softmax_pullback)
    }

    private static func byRows(_ x: Tensor, _ kernel: RowFunction) -> Tensor {
        let width = x.shape[x.rank - 1], output = Tensor(uninitialized: x.shape)
        let y = output.float32Pointer, source = x.float32Pointer
        Parallel.run(Rows.count(of: x), grain: Rows.grain(width)) { range in
            kernel(y + range.lowerBound * width, source + range.lowerBound * width, range.count, width)
        }
        return output
    }

    private static func byRows(_ upstream: Tensor, _ output: Tensor, _ kernel: RowPullback) -> Tensor {
        let width = upstream.shape[upstream.rank - 1], dx = Tensor(uninitialized: upstream.shape)
        let y = output.float32Pointer, dy = upstream.float32Pointer, to = dx.float32Pointer
        Parallel.run(Rows.count(of: upstream), grain: Rows.grain(width)) { range in
            let i = range.lowerBound * width
            kernel(to + i, y + i, dy + i, range.count, width)
        }
        return dx
    }

    /// - Parameter x: `[..., C]`, float32.
    /// - Returns: `[...]`; -infinity for rows without elements.
    static func logSumExp(_ x: Tensor) -> Tensor {
        let width = x.shape[x.rank - 1], output = Tensor(uninitialized: Array(x.shape.dropLast()))
        let source = x.float32Pointer, y = output.float32Pointer
        if width == 0 { y.update(repeating: -.infinity, count: output.count) }
        Parallel.run(Rows.count(of: x), grain: Rows.grain(width)) { range in
            concord_log_sum_exp(y + range.lowerBound, source + range.lowerBound * width, range.count, width)
        }
        return output
    }

    /// From the input, the output and the upstream gradient.
    static func logSumExpPullback(_ upstream: Tensor, input: Tensor, output: Tensor) -> Tensor {
        let width = input.shape[input.rank - 1], dx = Tensor(uninitialized: input.shape)
        let x = input.float32Pointer, y = output.float32Pointer, dy = upstream.float32Pointer, to = dx.float32Pointer
        Parallel.run(Rows.count(of: input), grain: Rows.grain(width)) { range in
            let i = range.lowerBound
            concord_log_sum_exp_pullback(to + i * width, x + i * width, y + i, dy + i, range.count, width)
        }
        return dx
    }
}

// MARK: Cross-entropy

extension Kernels {
    /// Cross-entropies of rows of logits.
    struct CrossEntropy {
        /// Over all rows.
        let sum: Double
        /// Each row's loss, and its log-sum-exp as two numbers, the largest logit and the rest: `[3, N]`.
        fileprivate let rows: Tensor
    }

    /// - Parameters:
    ///   - logits: `[N, V]`, float32; labels: `[N]`, int32: -1 is excluded.
    ///   - smoothing: fraction of the target spread evenly over all V classes.
    static func crossEntropy(_ logits: Tensor, labels: Tensor, smoothing: Float) -> CrossEntropy {
        let rows = logits.shape[0], width = logits.shape[1], sums = Tensor(uninitialized: [3, rows])
        let x = logits.float32Pointer, label = labels.int32Pointer, losses = sums.float32Pointer
        let tops = losses + rows, rests = tops + rows
        Parallel.run(rows, grain: Rows.grain(width)) { range in
            let i = range.lowerBound
            concord_cross_entropy(
                losses + i, tops + i, rests + i, x + i * width, label + i, smoothing, range.count, width)
        }
        return CrossEntropy(sum: concord_sum(losses, rows), rows: sums)
    }

    /// The logits' gradient for an upstream gradient of `factor` by each row's loss.
    static func crossEntropyPullback(
        _ forward: CrossEntropy, _ logits: Tensor, labels: Tensor, smoothing: Float, factor: Float
    ) -> Tensor {
        let rows = logits.shape[0], width = logits.shape[1], dx = Tensor(uninitialized: logits.shape)
        let x = logits.float32Pointer, to = dx.float32Pointer, label = labels.int32Pointer
        let tops = forward.rows.float32Pointer + rows, rests = tops + rows
        Parallel.run(rows, grain: Rows.grain(width)) { range in
            let i = range.lowerBound
            concord_cross_entropy_pullback(
                to + i * width, x + i * width, tops + i, rests + i, label + i, smoothing, factor, range.count, width)
        }
        return dx
    }

    /// Cross-entropies of rows of logits on this thread, and whether each label has the largest logit.
    static func labelCrossEntropy(
        _ losses: UnsafeMutablePointer<Float>, correct: UnsafeMutablePointer<UInt8>, logits: UnsafePointer<Float>,
        labels: UnsafePointer<Int32>, rows: Int, width: Int
    ) {
        concord_label_cross_entropy(losses, correct, logits, labels, rows, width)
    }

    /// The same, and the logits become their gradients times `factor`.
    static func labelCrossEntropyGradient(
        _ losses: UnsafeMutablePointer<Float>, correct: UnsafeMutablePointer<UInt8>,
        logits: UnsafeMutablePointer<Float>, labels: UnsafePointer<Int32>, factor: Float, rows: Int, width: Int
    ) {
        concord_label_cross_entropy_gradient(losses, correct, logits, labels, factor, rows, width)
    }
}

// MARK: Logistic regression

extension Kernels {
    /// Losses of multinomial logistic regression on this thread; the logits become gradients, which are added to
    /// `sums` by class. See `concord_logistic_rows`.
    /// - Parameters: totals: of the loss and of the curvature, added to; weights: of the rows; nil is 1 each.
    static func logisticRows(
        _ logits: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>, labels: UnsafePointer<Int32>,
        weights: UnsafePointer<Float>?, sums: Doubles, totals: Doubles, rows: Int, classes: Int
    ) {
        concord_logistic_rows(logits, bias, labels, weights, sums, totals, rows, classes)
    }
}
