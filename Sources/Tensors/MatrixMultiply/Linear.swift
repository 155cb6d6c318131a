extension Tensor {
    /// An affine map of the last axis: `y = x Wᵀ + b`.
    ///
    /// - Parameters:
    ///   - weight: `[out, in]`, as PyTorch's; `self` is `[..., in]`.
    ///   - bias: `[out]`.
    /// - Returns: `[..., out]`; bfloat16 under that precision.
    public func linear(weight: Tensor, bias: Tensor? = nil) -> Tensor {
        guard weight.rank == 2, rank >= 1, shape[rank - 1] == weight.shape[1] else {
            ShapeCheck.fail("linear", "\(shape) with weight \(weight.shape): [..., in] and [out, in] wanted")
        }
        let (outer, inner) = (weight.shape[0], weight.shape[1])
        let rows = shape.dropLast().reduce(1, *)
        if Precision.isBFloat16(for: self) { return bfloat16Linear(weight, bias, rows) }
        let output = Tensor(uninitialized: shape.dropLast() + [outer])
        if let bias { ShapeCheck.lastAxis(of: output, matches: bias, in: "linear") }
        MultiplyAdds.count(.matmul, rows * outer * inner)
        GEMM.multiply(
            m: rows, n: outer, k: inner, float32Pointer, weight.float32Pointer, transposeB: true,
            bias: bias?.float32Pointer,
            into: output.float32Pointer)
        let input = SavedForBackward(self), constant = weight.detached, shape = shape
        let pullback = { (upstream: Tensor, needs: [Bool]) -> [Tensor?] in
            let dy = upstream.viewed(as: [rows, outer])
            // The weights' first: an input that is computed again for them is gone before its own gradient comes.
            let dw = needs[1] ? dy.matmul(input.value.viewed(as: [rows, inner]), transposing: .left) : nil
            let dx = needs[0] ? dy.matmul(constant).viewed(as: shape) : nil
            return needs.count < 3 ? [dx, dw] : [dx, dw, needs[2] ? Rows.sum(dy) : nil]
        }
        return output.recorded(fromAll: [self, weight] + (bias.map { [$0] } ?? []), pullback: pullback)
    }

    /// The same in bfloat16.
    private func bfloat16Linear(_ weight: Tensor, _ bias: Tensor?, _ rows: Int) -> Tensor {
        let (outer, inner) = (weight.shape[0], weight.shape[1])
        if let bias {
            ShapeCheck.require(bias.shape == [outer], "linear", "bias \(bias.shape) for weight \(weight.shape)")
        }
        let given = asBFloat16, input = SavedForBackward(given), constant = weight.detached
        MultiplyAdds.count(.matmul, rows * outer * inner)
        let output = BFloat16GEMM.multiplied(
            given, weight: constant, transposed: true, bias: bias?.detached, rows, outer, inner)
        let shape = shape
        return output.viewed(as: shape.dropLast() + [outer]).recorded(fromGiven: [self, weight, bias], name: "linear") {
            dy, needs in
            MultiplyAdds.count(.matmul, ((needs[0] ? 1 : 0) + (needs[1] ? 1 : 0)) * rows * outer * inner)
            let dw =
                needs[1]
                ? BFloat16GEMM.multiplied(dy, transposed: true, input.value, outer, inner, rows, as: .float32) : nil
            let dx =
                needs[0]
                ? BFloat16GEMM.multiplied(dy, weight: constant, transposed: false, rows, inner, outer).viewed(as: shape)
                : nil
            return [dx, dw, needs[2] ? Rows.sum(dy) : nil]
        }
    }
}
