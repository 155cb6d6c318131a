import CKernels

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
        let rows = Rows.count(of: self), width = shape.last ?? 1
        let input = detached, scale = weight?.detached, shift = bias?.detached, hasWeight = weight != nil
        let statistics = Tensor(uninitialized: [2, rows])
        let make = { @Sendable () -> Tensor in
            let output = Tensor(uninitialized: input.shape, input.elementType)
            let x = input.elementPointer, y = output.elementPointer, w = scale?.float32Pointer,
                b = shift?.float32Pointer
            let mean = statistics.float32Pointer, std = mean + rows
            Rows.run(rows, width: width, slots: 2, isBFloat16: x.isBFloat16) { range, staging in
                let i = range.lowerBound
                concord_layer_norm(
                    staging.place(y, range, 0), mean + i, std + i, staging.read(x, range, 1), w, b, epsilon,
                    range.count, width)
                staging.write(y, range, 0)
            }
            return output
        }
        let inputs = [self] + [weight, bias].compactMap { $0 }
        let output = make()
        return output.recorded(fromAll: inputs) { upstream, needs in
            let needsWeight = hasWeight && needs[1],
                needsBias = needs.count > (hasWeight ? 2 : 1) && needs[hasWeight ? 2 : 1]
            let dx = needs[0] ? Tensor(uninitialized: input.shape, input.elementType) : nil
            let x = input.elementPointer, dy = upstream.elementPointer, to = dx?.elementPointer,
                w = scale?.float32Pointer
            let mean = statistics.float32Pointer, std = mean + rows
            let sums = Rows.summing(rows, width: width, sums: 2) { range, sums in
                Float32Staging.run(range, width: width, slots: 3, isNeeded: x.isBFloat16) { range, staging in
                    let i = range.lowerBound
                    concord_layer_norm_pullback(
                        to.map { staging.place($0, range, 0) }, needsWeight ? sums : nil,
                        needsBias ? sums + width : nil,
                        staging.read(dy, range, 1), staging.read(x, range, 2), mean + i, std + i, w, range.count, width)
                    if let to { staging.write(to, range, 0) }
                }
            }
            var results = [dx]
            if hasWeight { results.append(needsWeight ? sums[0] : nil) }
            if needs.count > results.count { results.append(needsBias ? sums[1] : nil) }
            return results
        }.rematerialized(as: SavedForBackward(output, by: make))
    }
}
