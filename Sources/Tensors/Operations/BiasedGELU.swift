import CKernels

extension Tensor {
    /// `gelu(x + bias)` with the exact GELU, in one pass over memory each way.
    ///
    /// - Parameter bias: `[C]`; `self` is `[..., C]`.
    /// - Source: Hendrycks, Gimpel 2016, arXiv:1606.08415, eq. 2 (erf form).
    public func biasedGELU(_ bias: Tensor) -> Tensor {
        ShapeCheck.lastAxis(of: self, matches: bias, in: "biasedGELU")
        let rows = Rows.count(of: self), width = bias.count
        let input = detached, addend = bias.detached
        let make = { @Sendable () -> Tensor in
            let output = Tensor(uninitialized: input.shape)
            let x = input.floats, b = addend.floats, y = output.floats
            Parallel.run(rows, grain: Rows.grain(width)) { range in
                let i = range.lowerBound * width
                concord_biased_gelu(y + i, x + i, b, range.count, width)
            }
            return output
        }
        let output = make()
        return output.recorded(from: self, bias) { upstream, needs in
            let dx = Tensor(uninitialized: input.shape)  // [..., C]
            let x = input.floats, b = addend.floats, dy = upstream.floats, to = dx.floats
            let sums = Rows.summing(rows, width: width, sums: 1) { range, sum in
                let i = range.lowerBound * width
                concord_biased_gelu_pullback(to + i, sum, dy + i, x + i, b, range.count, width)
            }
            return [needs[0] ? dx : nil, needs[1] ? sums[0] : nil]  // [..., C], [C]
        }.remade(as: Kept(output, by: make))
    }
}
