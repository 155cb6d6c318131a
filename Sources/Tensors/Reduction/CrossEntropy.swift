import CKernels

extension Tensor {
    /// The mean over rows of the cross-entropy of softmax(logits) with labels, in nats.
    ///
    ///     loss = mean over kept rows of  logsumexp(x) - (1 - smoothing) x[label] - smoothing mean(x)
    ///
    /// - Parameters:
    ///   - labels: `[N]`, int32, in `0 ..< V` or equal to `ignored`; `self` is the logits `[N, V]`.
    ///   - smoothing: share of the target spread evenly over all V classes, in `0 ... 1`.
    ///   - ignored: rows with this label count for nothing.
    /// - Returns: a scalar; `ln V` at chance, 0 if every row is ignored (where PyTorch gives NaN).
    /// - Source: label smoothing as Szegedy et al. 2015, arXiv:1512.00567, section 7.
    public func crossEntropy(labels: Tensor, smoothing: Float = 0, ignoring ignored: Int32? = nil) -> Tensor {
        ShapeCheck.rank(self, 2, "logits [N, V]", in: "crossEntropy")
        let (rows, width) = (shape[0], shape[1])
        ShapeCheck.require(labels.shape == [rows], "crossEntropy", "labels \(labels.shape) for logits \(shape)")
        ShapeCheck.require((0...1).contains(smoothing), "crossEntropy", "smoothing \(smoothing) is not in 0 ... 1")
        let marked = labels.rowsKept(below: width, ignoring: ignored)  // ignored rows as -1
        let sums = Tensor(uninitialized: [3, rows])
        let logits = detached.asFloat32
        let x = logits.float32Pointer, label = marked.labels.int32Pointer, losses = sums.float32Pointer,
            tops = losses + rows,
            rests = tops + rows
        Parallel.run(rows, grain: Rows.grain(width)) { range in
            let i = range.lowerBound
            concord_cross_entropy(
                losses + i, tops + i, rests + i, x + i * width, label + i, smoothing, range.count, width)
        }
        let kept = Float(Swift.max(1, marked.count))
        return Tensor(Float(concord_sum(losses, rows)) / kept).recorded(from: self) { upstream, _ in
            let dx = Tensor(uninitialized: logits.shape), factor = upstream.item / kept
            let x = logits.float32Pointer, to = dx.float32Pointer, label = marked.labels.int32Pointer,
                tops = sums.float32Pointer + rows,
                rests = tops + rows
            Parallel.run(rows, grain: Rows.grain(width)) { range in
                let i = range.lowerBound
                concord_cross_entropy_pullback(
                    to + i * width, x + i * width, tops + i, rests + i, label + i, smoothing, factor, range.count, width
                )
            }
            return [dx]
        }
    }

    private func rowsKept(below width: Int, ignoring ignored: Int32?) -> (labels: Tensor, count: Int) {
        let labels = Tensor(uninitialized: shape, .int32)
        let source = int32Pointer, to = labels.int32Pointer
        var kept = 0
        for i in 0..<count {
            let label = source[i]
            let isIgnored = label == ignored
            ShapeCheck.require(
                isIgnored || label >= 0 && Int(label) < width, "crossEntropy",
                "label \(label) of row \(i) is not in 0 ..< \(width)")
            to[i] = isIgnored ? -1 : label
            kept += isIgnored ? 0 : 1
        }
        return (labels, kept)
    }
}
