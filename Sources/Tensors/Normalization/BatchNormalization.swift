#if canImport(Glibc)
    import Glibc
#endif

/// What a normalization does to its output before it is written.
public enum FusedActivation: Sendable {
    /// `max(x, 0)`.
    case relu
}

extension Tensor {
    /// Batch normalization with the batch's own statistics, over all axes but the last, in one pass after the
    /// statistics'.
    ///
    ///     y = activation((x - mean(x)) / sqrt(var(x) + epsilon) * weight + bias + residual)
    ///
    /// - Parameters:
    ///   - weight: `[C]`, ones if nil; bias: `[C]`, zeros if nil; `self` is `[..., C]`.
    ///   - residual: of the shape of `self`, added before the activation.
    /// - Returns: the output; the mean and the biased variance `[C]`, both constants. Running statistics take the
    ///   variance times `n / (n - 1)`.
    /// - Source: Ioffe, Szegedy 2015, arXiv:1502.03167, algorithm 1.
    public func batchNormalized(
        weight: Tensor?, bias: Tensor?, epsilon: Float = 1e-5, activation: FusedActivation? = nil,
        residual: Tensor? = nil
    ) -> (output: Tensor, mean: Tensor, variance: Tensor) {
        let channels = checkedChannels(weight, bias, residual), rows = count / Swift.max(1, channels)
        ShapeCheck.require(rows > 0, "batchNormalized", "no rows in \(shape) to take statistics of")
        let (mean, variance) = channelStatistics(rows: rows, channels: channels)
        let affine = ChannelAffine(mean: mean, rstd: variance.reciprocalRoot(epsilon), weight: weight, bias: bias)
        return (normalized(affine, weight, bias, activation, residual, statisticsCount: rows), mean, variance)
    }

    /// Batch normalization with given statistics, as in evaluation.
    ///
    /// - Parameters:
    ///   - mean: `[C]`, a constant; variance: `[C]`, a constant.
    ///   - weight: `[C]`, ones if nil; bias: `[C]`, zeros if nil; `self` is `[..., C]`.
    ///   - residual: of the shape of `self`, added before the activation.
    public func batchNormalized(
        weight: Tensor?, bias: Tensor?, mean: Tensor, variance: Tensor, epsilon: Float = 1e-5,
        activation: FusedActivation? = nil,
        residual: Tensor? = nil
    ) -> Tensor {
        _ = checkedChannels(weight, bias, residual)
        ShapeCheck.lastAxis(of: self, matches: mean, in: "batchNormalized")
        ShapeCheck.lastAxis(of: self, matches: variance, in: "batchNormalized")
        let affine = ChannelAffine(
            mean: mean.detached, rstd: variance.reciprocalRoot(epsilon), weight: weight, bias: bias)
        return normalized(affine, weight, bias, activation, residual, statisticsCount: nil)
    }

    /// - Parameter statisticsCount: the rows that the mean and variance were taken of, nil where they are constants.
    private func normalized(
        _ affine: ChannelAffine, _ weight: Tensor?, _ bias: Tensor?, _ activation: FusedActivation?,
        _ residual: Tensor?,
        statisticsCount: Int?
    ) -> Tensor {
        let x = detached, carried = residual.map { SavedForBackward($0) }, rectify = activation == .relu
        let output = affine(x, residual: residual?.detached, rectify: rectify)
        let kept =
            carried == nil || residual?.elementType == x.elementType
            ? SavedForBackward(
                output, adding: carried, isTaken: rectify && residual != nil,
                byRows: affine.rowStep(x, rectify: rectify))
            : SavedForBackward(output, from: carried) { affine(x, residual: carried?.value, rectify: rectify) }
        // The mask of an output that a residual went into comes from that output; without one it is found again from x.
        let hasResidual = residual != nil
        return output.recordedInPlace(fromGiven: [self, weight, bias, residual]) { upstream, needs in
            let mask: ChannelAffine.Mask = !rectify ? .everywhere : hasResidual ? .output(kept.takeRows()) : .input
            let masked = mask.needsOutput ? Tensor(uninitialized: x.shape, x.elementType) : nil
            let sums = affine.gradientSums(upstream, x, mask, masked: masked)
            let (constant, slope) = affine.corrections(sums, over: Double(statisticsCount ?? 0))
            var dx: Tensor?
            if needs[0] {
                // The residual's gradient and that of x are two, unless one of them is not needed.
                let to =
                    needs[3] && masked == nil
                    ? Tensor(uninitialized: x.shape, x.elementType)
                    : Tensor.overwriting(&upstream, shape: x.shape, x.elementType)
                affine.gradient(
                    masked ?? upstream, x, isRectified: mask.needsInput, constant: constant, slope: slope, into: to)
                dx = to
            }
            return [
                dx, needs[1] ? affine.weightGradient(sums) : nil, needs[2] ? affine.biasGradient(sums) : nil,
                needs[3] ? masked ?? upstream : nil,
            ]
        }.rematerialized(as: kept)
    }

    private func checkedChannels(_ weight: Tensor?, _ bias: Tensor?, _ residual: Tensor?) -> Int {
        ShapeCheck.require(rank > 0, "batchNormalized", "[..., C] wanted, shape is \(shape)")
        if let weight { ShapeCheck.lastAxis(of: self, matches: weight, in: "batchNormalized") }
        if let bias { ShapeCheck.lastAxis(of: self, matches: bias, in: "batchNormalized") }
        if let residual { ShapeCheck.same(self, residual, in: "batchNormalized") }
        return shape[rank - 1]
    }

    /// Mean and biased variance of each channel, shifted by the first row so that a large mean cancels nothing.
    private func channelStatistics(rows: Int, channels: Int) -> (mean: Tensor, variance: Tensor) {
        let x = elementPointer, first = Tensor((0..<channels).map { x[$0] }, shape: [channels]),
            shift = first.float32Pointer
        let sums = ChannelSums(rows: rows, channels: channels) { range, sums, squares in
            Kernels.channelMoments(
                x + range.lowerBound * channels, rows: range.count, channels: channels, shift: shift, sums: sums,
                squares: squares)
        }
        let mean = Tensor(uninitialized: [channels]), variance = Tensor(uninitialized: [channels])
        let (m, v, s, q, n) = (mean.float32Pointer, variance.float32Pointer, sums.first, sums.second, Double(rows))
        for c in 0..<channels {
            let offset = s[c] / n
            m[c] = Float(Double(shift[c]) + offset)
            v[c] = Float(Swift.max(0, q[c] / n - offset * offset))
        }
        return withExtendedLifetime(sums) { (mean, variance) }
    }

    /// `1 / sqrt(self + epsilon)`.
    private func reciprocalRoot(_ epsilon: Float) -> Tensor {
        let root = Tensor(uninitialized: shape)
        let (to, from) = (root.float32Pointer, float32Pointer)
        for i in 0..<count { to[i] = Float(1 / (Double(from[i]) + Double(epsilon)).squareRoot()) }
        return root
    }
}

extension ChannelAffine {
    /// What the statistics' own dependence on x takes away: nothing where they are constants (`n` 0).
    fileprivate func corrections(_ sums: ChannelSums, over n: Double) -> (constant: Tensor, slope: Tensor) {
        guard n > 0 else { return (Tensor(zeros: mean.shape), Tensor(zeros: mean.shape)) }
        let constant = Tensor(uninitialized: mean.shape), slope = Tensor(uninitialized: mean.shape)
        let (k, l, s, r) = (constant.float32Pointer, slope.float32Pointer, scale.float32Pointer, rstd.float32Pointer)
        let (first, second) = (sums.first, sums.second)
        for c in 0..<channels {
            k[c] = Float(Double(s[c]) * first[c] / n)
            l[c] = Float(Double(s[c]) * Double(r[c]) * Double(r[c]) * second[c] / n)
        }
        return withExtendedLifetime(sums) { (constant, slope) }
    }

    fileprivate func weightGradient(_ sums: ChannelSums) -> Tensor {
        let (second, r) = (sums.second, rstd.float32Pointer)
        return withExtendedLifetime(sums) {
            Tensor((0..<channels).map { Float(second[$0] * Double(r[$0])) }, shape: mean.shape)
        }
    }

    fileprivate func biasGradient(_ sums: ChannelSums) -> Tensor {
        let first = sums.first
        return withExtendedLifetime(sums) { Tensor((0..<channels).map { Float(first[$0]) }, shape: mean.shape) }
    }
}
