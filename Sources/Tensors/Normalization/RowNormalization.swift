extension Tensor {
    /// Rescales each row to zero mean and unit variance over the last axis.
    ///
    ///     y = (x - mean(x)) / sqrt(var(x) + epsilon) * weight + bias
    ///
    /// - Parameters:
    ///   - weight: `[C]`, 1 if absent; `self` is `[..., C]`.
    ///   - bias: `[C]`, 0 if absent.
    /// - Returns: the same shape.
    /// - Source: Ba, Kiros, Hinton 2016, arXiv:1607.06450, eq. 4. The variance is the biased one, as PyTorch's.
    public func layerNormalized(weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5) -> Tensor {
        for vector in [weight, bias].compactMap({ $0 }) {
            ShapeCheck.lastAxis(of: self, matches: vector, in: "layerNormalized")
        }
        let input = detached, scale = weight?.detached, shift = bias?.detached
        let statistics = Tensor(uninitialized: [2, Rows.count(of: self)])
        let make = { @Sendable () -> Tensor in
            Kernels.layerNorm(input, weight: scale, bias: shift, epsilon: epsilon, statistics: statistics)
        }
        let output = make()
        return output.recorded(fromGiven: [self, weight, bias]) { upstream, needs in
            let (dx, dweight, dbias) = Kernels.layerNormPullback(
                upstream, input, weight: scale, statistics: statistics, needs: (needs[0], needs[1], needs[2]))
            return [dx, dweight, dbias]
        }.rematerialized(as: SavedForBackward(output, by: make))
    }
}

extension Tensor {
    /// `x / max(|x|, epsilon)` over the last axis: rows of length 1.
    ///
    /// - Returns: the same shape, float32; a row of zeros stays zeros. As PyTorch's `normalize`.
    public func l2Normalized(epsilon: Float = 1e-12) -> Tensor {
        let (output, norms) = Kernels.l2Normalize(asFloat32, epsilon: epsilon)
        return output.recorded(from: self) { upstream, _ in
            let dx = Tensor(uninitialized: output.shape)
            Kernels.l2NormalizePullback(upstream, output: output, norms: norms, epsilon: epsilon, into: dx)
            return [dx]
        }
    }
}
