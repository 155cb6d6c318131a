extension Tensor {
    /// Scaled dot-product self-attention of several heads over packed queries, keys and values.
    ///
    ///     softmax(q kᵀ / sqrt(C / heads)) v        for each head's C / heads channels
    ///
    /// Scores exist a tile at a time; the backward pass computes them again from one number a row, unless T is small.
    ///
    /// - Parameters:
    ///   - heads: divides C; `self` is `[N, T, 3C]`: q, k and v concatenated, as PyTorch's `in_proj` returns them.
    ///   - causal: step t attends to the steps up to t.
    ///   - mask: `[N, T]`, uint8: 1 for a real step, 0 for padding, which no step attends to.
    ///   - dropout: probability of each attention weight to be dropped in training, in `0 ..< 1`.
    /// - Returns: `[N, T, C]`, bfloat16 under that precision; zeros for a step without any key.
    /// - Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1; log-sum-exp and recomputation as Dao et al. 2022,
    ///   arXiv:2205.14135.
    public func attention(heads: Int, causal: Bool = false, mask: Tensor? = nil, dropout: Float = 0) -> Tensor {
        guard rank == 3, heads > 0, shape[2] % (3 * heads) == 0 else {
            ShapeCheck.fail("attention", "[N, T, 3C] with C divisible by \(heads) heads wanted, shape is \(shape)")
        }
        let (n, t, c) = (shape[0], shape[1], shape[2] / 3)
        let kernel = AttentionKernel(
            samples: n, heads: heads, queries: t, keys: t, channels: c, causal: causal, mask: mask,
            dropout: DropoutMask.drawn(dropout, in: "attention"))
        if Precision.isBFloat16(for: self) { return bfloat16Attention(kernel, [n, t, c]) }
        let output = Tensor(uninitialized: [n, t, c]), x = float32Pointer
        let saved = kernel.forward(
            AttentionKernel.Operands(x, x + c, x + 2 * c, stride: 3 * c), output, isRecorded: isRecorded)
        let input = detached
        return output.recorded(from: self) { upstream, _ in
            let dx = Tensor(uninitialized: input.shape)
            let x = input.float32Pointer, d = dx.float32Pointer
            kernel.backward(
                AttentionKernel.Operands(x, x + c, x + 2 * c, stride: 3 * c), saved, upstream,
                AttentionKernel.Operands(d, d + c, d + 2 * c, stride: 3 * c))
            return [dx]
        }
    }

    /// Scaled dot-product attention of queries to another sequence.
    ///
    /// - Parameters:
    ///   - query: `[N, Q, C]`; `key`, `value`: `[N, T, C]`.
    ///   - mask: `[N, T]`, uint8: 1 for a real key.
    ///   - causal: query q attends to the keys up to q.
    /// - Returns: `[N, Q, C]`. The rest as `attention(heads:causal:mask:dropout:)`.
    public static func attention(
        query: Tensor, key: Tensor, value: Tensor, heads: Int, causal: Bool = false, mask: Tensor? = nil,
        dropout: Float = 0
    ) -> Tensor {
        guard query.rank == 3, key.rank == 3, heads > 0, query.shape[2] % heads == 0, key.shape == value.shape,
            key.shape[0] == query.shape[0], key.shape[2] == query.shape[2]
        else {
            ShapeCheck.fail(
                "attention",
                """
                query \(query.shape), key \(key.shape), value \(value.shape) with \(heads) heads: [N, Q, C] and \
                [N, T, C] wanted
                """
            )
        }
        let (n, q, c, t) = (query.shape[0], query.shape[1], query.shape[2], key.shape[1])
        let kernel = AttentionKernel(
            samples: n, heads: heads, queries: q, keys: t, channels: c, causal: causal, mask: mask,
            dropout: DropoutMask.drawn(dropout, in: "attention"))
        if Precision.isBFloat16(for: query, key, value) { return bfloat16Attention(kernel, query, key, value) }
        let output = Tensor(uninitialized: [n, q, c])
        let isRecorded = query.isRecorded || key.isRecorded || value.isRecorded
        let saved = kernel.forward(
            AttentionKernel.Operands(query.float32Pointer, key.float32Pointer, value.float32Pointer, stride: c), output,
            isRecorded: isRecorded)
        let (a, b, v) = (query.detached, key.detached, value.detached)
        return output.recorded(from: query, key, value) { upstream, _ in
            let da = Tensor(uninitialized: a.shape), db = Tensor(uninitialized: b.shape),
                dv = Tensor(uninitialized: v.shape)
            kernel.backward(
                AttentionKernel.Operands(a.float32Pointer, b.float32Pointer, v.float32Pointer, stride: c), saved,
                upstream,
                AttentionKernel.Operands(da.float32Pointer, db.float32Pointer, dv.float32Pointer, stride: c))
            return [da, db, dv]
        }
    }

    private func bfloat16Attention(_ kernel: AttentionKernel, _ shape: [Int]) -> Tensor {
        let input = detached.asBFloat16, c = shape[2], output = Tensor(uninitialized: shape, .bfloat16)
        func operands(_ x: Tensor) -> AttentionKernel.BFloat16Operands {
            let x = x.bfloat16Pointer
            return AttentionKernel.BFloat16Operands(x, x + c, x + 2 * c, stride: 3 * c)
        }
        let logSums = kernel.forward(operands(input), output)
        return output.recorded(from: self, name: "attention") { upstream, _ in
            let dx = Tensor(uninitialized: input.shape, .bfloat16)
            kernel.backward(operands(input), logSums, upstream, operands(dx))
            return [dx]
        }
    }

    private static func bfloat16Attention(
        _ kernel: AttentionKernel, _ query: Tensor, _ key: Tensor, _ value: Tensor
    ) -> Tensor {
        let (q, k, v) = (query.detached.asBFloat16, key.detached.asBFloat16, value.detached.asBFloat16),
            c = query.shape[2]
        let output = Tensor(uninitialized: query.shape, .bfloat16)
        let logSums = kernel.forward(
            AttentionKernel.BFloat16Operands(q.bfloat16Pointer, k.bfloat16Pointer, v.bfloat16Pointer, stride: c), output
        )
        return output.recorded(from: query, key, value, name: "attention") { upstream, _ in
            let gradients = [q, k, v].map { Tensor(uninitialized: $0.shape, .bfloat16) }
            kernel.backward(
                AttentionKernel.BFloat16Operands(q.bfloat16Pointer, k.bfloat16Pointer, v.bfloat16Pointer, stride: c),
                logSums, upstream,
                AttentionKernel.BFloat16Operands(
                    gradients[0].bfloat16Pointer, gradients[1].bfloat16Pointer, gradients[2].bfloat16Pointer, stride: c)
            )
            return gradients
        }
    }
}
