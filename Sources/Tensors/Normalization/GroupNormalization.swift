extension Tensor {
    /// Group normalization: each sample's channels in `groups` neighboring sets, each set normalized over itself and
    /// all positions.
    ///
    ///     y = (x - mean) / sqrt(var + epsilon) * weight + bias
    ///
    /// - Parameters:
    ///   - groups: divides C; weight, bias: `[C]`; `self` is `[N, ..., C]`.
    /// - Source: Wu, He 2018, arXiv:1803.08494, eq. 1, 2. The variance is the biased one, as PyTorch's.
    public func groupNormalized(groups: Int, weight: Tensor?, bias: Tensor?, epsilon: Float = 1e-5) -> Tensor {
        ShapeCheck.require(rank >= 2, "groupNormalized", "[N, ..., C] wanted, shape is \(shape)")
        let channels = shape[rank - 1]
        ShapeCheck.require(
            groups > 0 && channels % Swift.max(1, groups) == 0, "groupNormalized",
            "\(channels) channels in \(groups) groups")
        if let weight { ShapeCheck.lastAxis(of: self, matches: weight, in: "groupNormalized") }
        if let bias { ShapeCheck.lastAxis(of: self, matches: bias, in: "groupNormalized") }
        let pass = GroupNormalization(
            samples: shape[0], positions: shape[1..<(rank - 1)].reduce(1, *), channels: channels, groups: groups,
            weight: weight?.detached ?? Tensor(ones: [channels]), bias: bias?.detached ?? Tensor(zeros: [channels]))
        let x = detached
        let (output, mean, rstd) = pass.forward(x, epsilon: epsilon)
        return output.recorded(fromGiven: [self, weight, bias]) { upstream, needs in
            let (dx, dw, db) = pass.backward(upstream, x, mean, rstd)
            return [needs[0] ? dx : nil, needs[1] ? dw : nil, needs[2] ? db : nil]
        }
    }
}

/// Its two passes: one sample at a time, so that each is read from cache the second time.
private struct GroupNormalization: Sendable {
    let samples, positions, channels, groups: Int
    let weight, bias: Tensor
    var width: Int { channels / groups }
    var grain: Int { max(1, Elementwise.grain / max(1, positions * channels)) }

    /// - Returns: the output, and for each sample and channel its group's mean and reciprocal standard deviation `[N,
    ///   C]`.
    func forward(_ x: Tensor, epsilon: Float) -> (output: Tensor, mean: Tensor, rstd: Tensor) {
        let output = Tensor(uninitialized: x.shape, x.elementType)
        let mean = Tensor(uninitialized: [samples, channels]), rstd = Tensor(uninitialized: [samples, channels])
        let (y, a, m, r, w, b) = (
            output.elementPointer, x.elementPointer, mean.float32Pointer, rstd.float32Pointer, weight.float32Pointer,
            bias.float32Pointer
        )
        guard x.count > 0 else { return (output, mean, rstd) }
        Parallel.run(samples, grain: grain) { range in
            let memory = Storage(bytes: channels * 3 * MemoryLayout<Double>.stride)
            let sums = memory.base.assumingMemoryBound(to: Double.self), squares = sums + channels
            let scale = UnsafeMutableRawPointer(squares + channels).assumingMemoryBound(to: Float.self),
                shift = scale + channels
            for sample in range {
                let at = sample * positions * channels, row = sample * channels
                sums.update(repeating: 0, count: 2 * channels)
                let (x, y) = (a + at, y + at)
                for c in 0..<channels { shift[c] = x[c] }
                Kernels.channelMoments(
                    x, rows: positions, channels: channels, shift: shift, sums: sums, squares: squares)
                for group in 0..<groups {
                    let (mean, variance) = moments(of: group, sums, squares, shift: shift)
                    let rstd = Float(1 / (variance + Double(epsilon)).squareRoot())
                    for c in group * width..<(group + 1) * width {
                        m[row + c] = Float(mean)
                        r[row + c] = rstd
                        scale[c] = w[c] * rstd
                    }
                }
                Kernels.channelNormalize(
                    y, x, residual: nil, rows: positions, channels: channels, mean: m + row, scale: scale, bias: b,
                    rectifies: false, streams: false)
            }
        }
        return (output, mean, rstd)
    }

    /// Mean and biased variance of a group from its channels' shifted sums.
    private func moments(
        of group: Int, _ sums: UnsafePointer<Double>, _ squares: UnsafePointer<Double>, shift: UnsafePointer<Float>
    ) -> (mean: Double, variance: Double) {
        let n = Double(positions)
        var mean = 0.0, spread = 0.0
        for c in group * width..<(group + 1) * width { mean += Double(shift[c]) + sums[c] / n }
        mean /= Double(width)
        for c in group * width..<(group + 1) * width {
            let offset = sums[c] / n, distance = Double(shift[c]) + offset - mean
            spread += squares[c] / n - offset * offset + distance * distance
        }
        return (mean, max(0, spread / Double(width)))
    }

    func backward(
        _ upstream: Tensor, _ x: Tensor, _ mean: Tensor, _ rstd: Tensor
    ) -> (dx: Tensor, dw: Tensor, db: Tensor) {
        let dx = Tensor(uninitialized: x.shape, x.elementType)
        let dw = Tensor(zeros: [channels]), db = Tensor(zeros: [channels])
        guard x.count > 0 else { return (dx, dw, db) }
        let (d, u, a, m, r, w) = (
            dx.elementPointer, upstream.elementPointer, x.elementPointer, mean.float32Pointer, rstd.float32Pointer,
            weight.float32Pointer
        )
        // Each sample's sums of g, then of g (x - mean); [N, 2, C].
        let memory = Storage(bytes: samples * 2 * channels * MemoryLayout<Double>.stride)
        let all = memory.base.assumingMemoryBound(to: Double.self)
        Parallel.run(samples, grain: grain) { range in
            let vectors = Storage(bytes: channels * 3 * MemoryLayout<Float>.stride)
            let scale = vectors.base.assumingMemoryBound(to: Float.self), constant = scale + channels,
                slope = constant + channels
            for sample in range {
                let at = sample * positions * channels, row = sample * channels
                let sums = all + 2 * row, products = sums + channels
                sums.update(repeating: 0, count: 2 * channels)
                let (d, u, x) = (d + at, u + at, a + at)
                Kernels.channelGradientSums(
                    u, x, output: nil, masked: nil, rows: positions, channels: channels, mean: m + row, sums: sums,
                    products: products, streams: false)
                for group in 0..<groups {
                    var sum = 0.0, product = 0.0
                    for c in group * width..<(group + 1) * width {
                        sum += Double(w[c]) * sums[c]
                        product += Double(w[c]) * products[c]
                    }
                    let count = Double(positions * width), rstd = Double(r[row + group * width])
                    for c in group * width..<(group + 1) * width {
                        scale[c] = Float(Double(w[c]) * rstd)
                        constant[c] = Float(rstd * sum / count)
                        slope[c] = Float(rstd * rstd * rstd * product / count)
                    }
                }
                Kernels.channelGradient(
                    d, u, x, rows: positions, channels: channels, mean: m + row, scale: scale, rectifyingBias: nil,
                    constant: constant, slope: slope, streams: false)
            }
        }
        let (to, offsets) = (dw.float32Pointer, db.float32Pointer)
        let total = Storage(bytes: 2 * channels * MemoryLayout<Double>.stride)
        let sums = total.base.assumingMemoryBound(to: Double.self)
        sums.update(repeating: 0, count: 2 * channels)
        for sample in 0..<samples {
            let from = all + 2 * sample * channels
            for c in 0..<channels {
                sums[c] += from[c]
                sums[channels + c] += from[channels + c] * Double(r[sample * channels + c])
            }
        }
        for c in 0..<channels { (offsets[c], to[c]) = (Float(sums[c]), Float(sums[channels + c])) }
        return withExtendedLifetime((memory, total)) { (dx, dw, db) }
    }
}
