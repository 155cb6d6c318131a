import CKernels

extension Tensor {
    /// `x / max(|x|, epsilon)` over the last axis: rows of length 1.
    ///
    /// - Returns: the same shape; a row of zeros stays zeros. As PyTorch's `normalize`.
    public func l2Normalized(epsilon: Float = 1e-12) -> Tensor {
        let rows = Rows.count(of: self), width = shape.last ?? 1
        let output = Tensor(uninitialized: shape), norms = Tensor(uninitialized: [rows]), input = asFloat32
        let x = input.float32Pointer, y = output.float32Pointer, norm = norms.float32Pointer
        Parallel.run(rows, grain: Rows.grain(width)) { range in
            let i = range.lowerBound
            concord_l2_norm(y + i * width, norm + i, x + i * width, epsilon, range.count, width)
        }
        return output.recorded(from: self) { upstream, _ in
            let dx = Tensor(uninitialized: output.shape)
            let y = output.float32Pointer, norm = norms.float32Pointer, dy = upstream.float32Pointer,
                to = dx.float32Pointer
            Parallel.run(rows, grain: Rows.grain(width)) { range in
                let i = range.lowerBound
                concord_l2_norm_pullback(
                    to + i * width, dy + i * width, y + i * width, norm + i, epsilon, range.count, width)
            }
            return [dx]
        }
    }
}
