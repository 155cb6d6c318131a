extension Tensor {
    /// The mean over rows of the cross-entropy of softmax(logits) with labels, in nats.
    ///
    ///     loss = mean over included rows of  logsumexp(x) - (1 - smoothing) x[label] - smoothing mean(x)
    ///
    /// - Parameters:
    ///   - labels: `[N]`, int32, in `0 ..< V` or equal to `ignored`; `self` is the logits `[N, V]`.
    ///   - smoothing: fraction of the target spread evenly over all V classes, in `0 ... 1`.
    ///   - ignored: rows with this label are excluded.
    /// - Returns: a scalar; `ln V` at chance, 0 if every row is ignored (where PyTorch gives NaN).
    /// - Source: label smoothing as Szegedy et al. 2015, arXiv:1512.00567, section 7.
    public func crossEntropy(labels: Tensor, smoothing: Float = 0, ignoring ignored: Int32? = nil) -> Tensor {
        ShapeCheck.rank(self, 2, "logits [N, V]", in: "crossEntropy")
        let rows = shape[0], width = shape[1]
        ShapeCheck.require(labels.shape == [rows], "crossEntropy", "labels \(labels.shape) for logits \(shape)")
        ShapeCheck.require((0...1).contains(smoothing), "crossEntropy", "smoothing \(smoothing) is not in 0 ... 1")
        let marked = labels.rowsKept(below: width, ignoring: ignored)  // ignored rows as -1
        let logits = detached.asFloat32, kept = Float(Swift.max(1, marked.count))
        let forward = Kernels.crossEntropy(logits, labels: marked.labels, smoothing: smoothing)
        return Tensor(Float(forward.sum) / kept).recorded(from: self) { upstream, _ in
            [
                Kernels.crossEntropyPullback(
                    forward, logits, labels: marked.labels, smoothing: smoothing, factor: upstream.item / kept)
            ]
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
