import CKernels

/// The loops of attention over (sample, head) pairs, each a sequence of GEMMs on tiles of queries.
struct AttentionKernel {
    /// Queries, keys and values (or their gradients) in memory; `stride` elements from step to step in each.
    struct Operands {
        let query, key, value: UnsafeMutablePointer<Float>
        let stride: Int

        init(
            _ query: UnsafeMutablePointer<Float>, _ key: UnsafeMutablePointer<Float>,
            _ value: UnsafeMutablePointer<Float>, stride: Int
        ) {
            (self.query, self.key, self.value, self.stride) = (query, key, value, stride)
        }
    }

    let samples: Int, heads: Int, queries: Int, keys: Int, channels: Int
    let causal: Bool
    let dropout: DropoutMask
    /// (sample, head) pairs of the whole batch that precede these.
    private let firstUnit: Int
    /// Queries a tile.
    let tile: Int
    /// Elements from row to row of a tile of scores: whole vectors.
    let stride: Int
    /// 0 for a real key, -infinity for padding, `[N, stride]`; and the keys of each sample up to the last real one.
    private let bias: Tensor?
    private let realKeys: [Int]

    init(
        samples: Int, heads: Int, queries: Int, keys: Int, channels: Int, causal: Bool, mask: Tensor?,
        dropout: DropoutMask
    ) {
        (self.samples, self.heads, self.queries, self.keys, self.channels) = (samples, heads, queries, keys, channels)
        (self.causal, self.dropout) = (causal, dropout)
        firstUnit = DropoutMask.origin(ofElements: samples * heads)
        tile = max(1, min(queries, 128))
        stride = max(16, (keys + 15) / 16 * 16)
        var realKeys = [Int](repeating: keys, count: samples)
        guard let mask else {
            (bias, self.realKeys) = (nil, realKeys)
            return
        }
        ShapeCheck.require(
            mask.shape == [samples, keys], "attention", "mask \(mask.shape), [\(samples), \(keys)] wanted")
        let bias = Tensor(repeating: -.infinity, shape: [samples, stride])
        let b = bias.float32Pointer, real = mask.uint8Pointer
        for n in 0..<samples {
            realKeys[n] = 0
            for t in 0..<keys where real[n * keys + t] != 0 {
                b[n * stride + t] = 0
                realKeys[n] = t + 1
            }
        }
        (self.bias, self.realKeys) = (bias, realKeys)
    }

    var width: Int { channels / heads }
    var scale: Float { 1 / Float(max(1, width)).squareRoot() }
    /// (sample, head) pairs worth a thread of its own.
    var grain: Int { max(1, 50_000 / max(1, queries * keys * width)) }

    /// The tile of queries that starts at `first` in the scores of a sample.
    func scores(_ sample: Int, from first: Int) -> concord_scores {
        let rows = min(tile, queries - first)
        let visible = causal ? min(realKeys[sample], first + rows) : realKeys[sample]
        return concord_scores(
            rows: rows, stride: (visible + 15) / 16 * 16, visible: visible, first: first, causal: causal ? 1 : 0,
            bias: bias.map { UnsafePointer($0.float32Pointer + sample * stride) })
    }

    /// Whose products these small ones are; nil: those of all others.
    private var library: Processor.MatmulLibrary? { keys >= 64 ? MatmulChoice.current.attention : nil }

    private func multiply(
        _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int, _ transposeA: Bool,
        _ b: UnsafePointer<Float>, _ ldb: Int, _ transposeB: Bool, _ beta: Float, _ c: UnsafeMutablePointer<Float>,
        _ ldc: Int
    ) {
        GEMM.serial(m, n, k, alpha, a, lda, transposeA, b, ldb, transposeB, beta, c, ldc, by: library)
    }

    /// Multiply-adds of one product over all pairs of a query and a key that it may see: of these the forward pass has
    /// two and the backward pass four.
    var multiplyAdds: Int {
        let pairs = realKeys.reduce(0) { sum, real in
            guard causal else { return sum + queries * real }
            let seen = min(queries, real)
            return sum + seen * (seen + 1) / 2 + (queries - seen) * real
        }
        return pairs * channels
    }

    func position(_ unit: Int, _ first: Int) -> UInt64 { UInt64(((firstUnit + unit) * queries + first) * keys) }

    /// What the backward pass needs of the forward: each row's log-sum-exp, or for short sequences the probabilities
    /// themselves, which saves up to a seventh of the time there (measured at T = 16 and 32) and takes less memory than
    /// the keys.
    struct Saved {
        let logSums: Tensor
        let probabilities: Tensor?
    }

    /// - Parameters:
    ///   - output: `[N, Q, C]`.
    ///   - isRecorded: a backward pass may follow.
    func forward(_ x: Operands, _ output: Tensor, isRecorded: Bool) -> Saved {
        MultiplyAdds.count(.attention, 2 * multiplyAdds)
        let saved = Saved(
            logSums: Tensor(uninitialized: [samples, heads, queries]),
            probabilities: isRecorded && stride <= width
                ? Tensor(uninitialized: [samples, heads, queries, stride]) : nil)
        let y = output.float32Pointer, sums = saved.logSums.float32Pointer, kept = saved.probabilities?.float32Pointer,
            c = channels, d = width
        Parallel.run(samples * heads, grain: grain) { units in
            let scratch = Tensor(uninitialized: [tile, stride])
            for unit in units {
                let (n, offset) = (unit / heads, unit % heads * d)
                let q = x.query + n * queries * x.stride + offset, k = x.key + n * keys * x.stride + offset
                let v = x.value + n * keys * x.stride + offset, o = y + n * queries * c + offset
                for first in Swift.stride(from: 0, to: queries, by: tile) {
                    let part = scores(n, from: first), row = unit * queries + first, sum = sums + row
                    let s = kept.map { $0 + row * stride } ?? scratch.float32Pointer
                    guard part.visible > 0 else {
                        for i in 0..<part.rows { (o + (first + i) * c).update(repeating: 0, count: d) }
                        sum.update(repeating: .infinity, count: part.rows)
                        continue
                    }
                    multiply(
                        part.rows, part.visible, d, scale, q + first * x.stride, x.stride, false, k, x.stride, true, 0,
                        s, part.stride)
                    concord_attention_softmax(s, sum, part)
                    let weights = !dropout.isEmpty ? scratch.float32Pointer : s
                    if !dropout.isEmpty {
                        concord_attention_dropout(weights, s, part, dropout.kernelForm, position(unit, first), keys)
                    }
                    multiply(
                        part.rows, d, part.visible, 1, weights, part.stride, false, v, x.stride, false, 0,
                        o + first * c, c)
                }
            }
        }
        return saved
    }

    /// - Parameters:
    ///   - upstream: `[N, Q, C]`.
    ///   - gradients: written, all of it.
    func backward(_ x: Operands, _ saved: Saved, _ upstream: Tensor, _ gradients: Operands) {
        MultiplyAdds.count(.attention, 4 * multiplyAdds)
        let dy = upstream.float32Pointer, sums = saved.logSums.float32Pointer,
            kept = saved.probabilities?.float32Pointer, c = channels,
            d = width, g = gradients
        Parallel.run(samples * heads, grain: grain) { units in
            let scratch = Tensor(uninitialized: [3, tile, stride])
            let again = scratch.float32Pointer, dp = again + tile * stride, dropped = dp + tile * stride
            for unit in units {
                let (n, offset) = (unit / heads, unit % heads * d)
                let q = x.query + n * queries * x.stride + offset, k = x.key + n * keys * x.stride + offset
                let v = x.value + n * keys * x.stride + offset, up = dy + n * queries * c + offset
                let dq = g.query + n * queries * g.stride + offset, dk = g.key + n * keys * g.stride + offset
                let dv = g.value + n * keys * g.stride + offset
                // The last tile sees every key that any tile sees: it writes dk and dv, the others add to them.
                let last = max(0, (queries - 1) / tile * tile), seen = queries == 0 ? 0 : scores(n, from: last).visible
                for t in seen..<max(seen, keys) {
                    (dk + t * g.stride).update(repeating: 0, count: d)
                    (dv + t * g.stride).update(repeating: 0, count: d)
                }
                for first in Swift.stride(from: queries == 0 ? -1 : last, through: 0, by: -tile) {
                    let part = scores(n, from: first), place = position(unit, first), ld = part.stride
                    let qi = q + first * x.stride, upi = up + first * c, dqi = dq + first * g.stride
                    guard part.visible > 0 else {
                        for i in 0..<part.rows { (dqi + i * g.stride).update(repeating: 0, count: d) }
                        continue
                    }
                    let beta: Float = first == last ? 0 : 1, row = unit * queries + first
                    let p = kept.map { $0 + row * stride } ?? again
                    if kept == nil {
                        multiply(part.rows, part.visible, d, scale, qi, x.stride, false, k, x.stride, true, 0, p, ld)
                        concord_attention_probabilities(p, sums + row, part)
                    }
                    if !dropout.isEmpty { concord_attention_dropout(dropped, p, part, dropout.kernelForm, place, keys) }
                    let weights = !dropout.isEmpty ? dropped : p
                    multiply(part.visible, d, part.rows, 1, weights, ld, true, upi, c, false, beta, dv, g.stride)
                    multiply(part.rows, part.visible, d, 1, upi, c, false, v, x.stride, true, 0, dp, ld)
                    concord_attention_pullback(dp, p, part, scale, dropout.kernelForm, place, keys)
                    multiply(part.rows, d, part.visible, 1, dp, ld, false, k, x.stride, false, 0, dqi, g.stride)
                    multiply(part.visible, d, part.rows, 1, dp, ld, true, qi, x.stride, false, beta, dk, g.stride)
                }
            }
        }
    }
}
