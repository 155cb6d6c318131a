import CKernels

/// Attention over bfloat16: GEMMs on bfloat16 numbers, scores, softmax and sums in float32.
extension AttentionKernel {
    /// As `Operands`, in bfloat16.
    struct BFloat16Operands {
        let query, key, value: UnsafeMutablePointer<UInt16>
        let stride: Int

        init(
            _ query: UnsafeMutablePointer<UInt16>, _ key: UnsafeMutablePointer<UInt16>,
            _ value: UnsafeMutablePointer<UInt16>, stride: Int
        ) {
            (self.query, self.key, self.value, self.stride) = (query, key, value, stride)
        }

        /// Those of one sample and head.
        func part(queries: Int, keys: Int, _ sample: Int, offset: Int) -> BFloat16Operands {
            BFloat16Operands(
                query + sample * queries * stride + offset, key + sample * keys * stride + offset,
                value + sample * keys * stride + offset,
                stride: stride)
        }
    }

    /// - Parameter output: `[N, Q, C]`, bfloat16.
    /// - Returns: each row's log-sum-exp.
    func forward(_ x: BFloat16Operands, _ output: Tensor) -> Tensor {
        MultiplyAdds.count(.attention, 2 * multiplyAdds)
        let logSums = Tensor(uninitialized: [samples, heads, queries])
        let y = output.bfloat16Pointer, sums = logSums.float32Pointer, c = channels, d = width
        Parallel.run(samples * heads, grain: grain) { units in
            let scratch = Tensor(uninitialized: [tile, stride + d]),
                rounded = Tensor(uninitialized: [tile, stride], .bfloat16)
            let s = scratch.float32Pointer, result = s + tile * stride, p = rounded.bfloat16Pointer
            for unit in units {
                let (n, offset) = (unit / heads, unit % heads * d)
                let x = x.part(queries: queries, keys: keys, n, offset: offset), o = y + n * queries * c + offset
                for first in Swift.stride(from: 0, to: queries, by: tile) {
                    let part = scores(n, from: first), sum = sums + unit * queries + first
                    guard part.visible > 0 else {
                        for i in 0..<part.rows { (o + (first + i) * c).update(repeating: 0, count: d) }
                        sum.update(repeating: .infinity, count: part.rows)
                        continue
                    }
                    BFloat16GEMM.serial(
                        part.rows, part.visible, d, scale, x.query + first * x.stride, x.stride, false, x.key, x.stride,
                        true, 0, s,
                        part.stride)
                    concord_attention_softmax(s, sum, part)
                    if !dropout.isEmpty {
                        concord_attention_dropout(s, s, part, dropout.kernelForm, position(unit, first), keys)
                    }
                    concord_float32_to_bfloat16(p, s, part.rows * part.stride)
                    BFloat16GEMM.serial(
                        part.rows, d, part.visible, 1, p, part.stride, false, x.value, x.stride, false, 0, result, d)
                    concord_float32_to_bfloat16_rows(o + first * c, c, result, d, part.rows, d)
                }
            }
        }
        return logSums
    }

    /// - Parameters:
    ///   - upstream: `[N, Q, C]`, bfloat16.
    ///   - gradients: written, all of it.
    func backward(_ x: BFloat16Operands, _ logSums: Tensor, _ upstream: Tensor, _ gradients: BFloat16Operands) {
        MultiplyAdds.count(.attention, 4 * multiplyAdds)
        let dy = upstream.bfloat16Pointer, sums = logSums.float32Pointer, c = channels, d = width
        Parallel.run(samples * heads, grain: grain) { units in
            let scratch = Tensor(uninitialized: [tile * (3 * stride + d) + 2 * keys * d]),
                rounded = Tensor(uninitialized: [tile, stride], .bfloat16)
            let p = scratch.float32Pointer, dp = p + tile * stride, dropped = dp + tile * stride,
                dq = dropped + tile * stride
            let dk = dq + tile * d, dv = dk + keys * d, factor = rounded.bfloat16Pointer
            for unit in units {
                let (n, offset) = (unit / heads, unit % heads * d)
                let x = x.part(queries: queries, keys: keys, n, offset: offset), up = dy + n * queries * c + offset
                let g = gradients.part(queries: queries, keys: keys, n, offset: offset)
                dk.update(repeating: 0, count: 2 * keys * d)
                for first in Swift.stride(from: 0, to: queries, by: tile) {
                    let part = scores(n, from: first), place = position(unit, first), ld = part.stride
                    let qi = x.query + first * x.stride, upi = up + first * c, dqi = g.query + first * g.stride
                    guard part.visible > 0 else {
                        for i in 0..<part.rows { (dqi + i * g.stride).update(repeating: 0, count: d) }
                        continue
                    }
                    BFloat16GEMM.serial(
                        part.rows, part.visible, d, scale, qi, x.stride, false, x.key, x.stride, true, 0, p, ld)
                    concord_attention_probabilities(p, sums + unit * queries + first, part)
                    if !dropout.isEmpty { concord_attention_dropout(dropped, p, part, dropout.kernelForm, place, keys) }
                    concord_float32_to_bfloat16(factor, !dropout.isEmpty ? dropped : p, part.rows * ld)
                    BFloat16GEMM.serial(part.visible, d, part.rows, 1, factor, ld, true, upi, c, false, 1, dv, d)
                    BFloat16GEMM.serial(
                        part.rows, part.visible, d, 1, upi, c, false, x.value, x.stride, true, 0, dp, ld)
                    concord_attention_pullback(dp, p, part, scale, dropout.kernelForm, place, keys)
                    concord_float32_to_bfloat16(factor, dp, part.rows * ld)
                    BFloat16GEMM.serial(
                        part.rows, d, part.visible, 1, factor, ld, false, x.key, x.stride, false, 0, dq, d)
                    concord_float32_to_bfloat16_rows(dqi, g.stride, dq, d, part.rows, d)
                    BFloat16GEMM.serial(part.visible, d, part.rows, 1, factor, ld, true, qi, x.stride, false, 1, dk, d)
                }
                concord_float32_to_bfloat16_rows(g.key, g.stride, dk, d, keys, d)
                concord_float32_to_bfloat16_rows(g.value, g.stride, dv, d, keys, d)
            }
        }
    }
}
