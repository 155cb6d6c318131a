extension Gradients {
    /// The Euclidean norm of all gradients as one vector, summed in double precision; the same for any number of
    /// threads.
    public var norm: Double {
        Tensor.norm(
            of: coalesced.entries.map { _, cotangent in
                switch cotangent {
                case .dense(let tensor): tensor
                case .rows(let rows): rows.coalesced.contributions[0].rows
                }
            })
    }

    /// The gradients scaled down to a norm of `limit` where theirs is larger.
    ///
    ///     g = g min(1, limit / (norm + 1e-6))
    ///
    /// - Source: Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063; the constant is `torch.nn.utils.clip_grad_norm_`'s.
    public func clipped(toNorm limit: Double) -> Gradients {
        let factor = Self.clippingFactor(norm: norm, limit: limit)
        return factor < 1 ? scaled(by: Float(factor)) : self
    }

    package static func clippingFactor(norm: Double, limit: Double?) -> Double {
        limit.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    }
}

extension Tensor {
    /// The Euclidean norm of all elements (float32), summed in double precision; the same for any number of threads.
    package var norm: Double { Self.norm(of: [self]) }

    /// The norm of several as one vector.
    fileprivate static func norm(of tensors: [Tensor]) -> Double {
        var chunks: [(tensor: Tensor, range: Range<Int>)] = []
        for tensor in tensors {
            let size = 1 << 15
            chunks += stride(from: 0, to: tensor.count, by: size).map { (tensor, $0..<min($0 + size, tensor.count)) }
        }
        let partial = [Double](unsafeUninitializedCapacity: chunks.count) { partial, count in
            count = chunks.count
            Parallel.run(count) { range in
                for i in range {
                    let (tensor, elements) = chunks[i]
                    partial[i] = Kernels.sumOfSquares(
                        tensor.float32Pointer + elements.lowerBound, count: elements.count)
                }
            }
        }
        return partial.reduce(0, +).squareRoot()
    }
}
