import CKernels

extension Tensor {
    /// `e^x / sum(e^x)` over an axis; where every element is -infinity, zeros.
    public func softmax(axis: Int = -1) -> Tensor {
        overLastAxis(axis, "softmax") { x in
            x.byRows(concord_softmax) { output, upstream in upstream.pulled(concord_softmax_pullback, output) }
        }
    }

    /// `x - log(sum(e^x))` over an axis.
    public func logSoftmax(axis: Int = -1) -> Tensor {
        overLastAxis(axis, "logSoftmax") { x in
            x.byRows(concord_log_softmax) { output, upstream in upstream.pulled(concord_log_softmax_pullback, output) }
        }
    }

    /// `log(sum(e^x))` over an axis, which goes from the shape.
    public func logSumExp(axis: Int = -1) -> Tensor {
        let place = self.axis(axis, in: "logSumExp")
        let given = place == rank - 1 ? self : movingAxisToEnd(place), x = given.asFloat32
        let width = x.shape[rank - 1], rows = Rows.count(of: x)
        let output = Tensor(uninitialized: Array(x.shape.dropLast()))
        let source = x.float32Pointer, y = output.float32Pointer
        if width == 0 { y.update(repeating: -.infinity, count: output.count) }
        Parallel.run(rows, grain: Rows.grain(width)) { range in
            concord_log_sum_exp(y + range.lowerBound, source + range.lowerBound * width, range.count, width)
        }
        let input = x.detached, sums = output
        return output.recorded(from: given) { upstream, _ in
            let dx = Tensor(uninitialized: input.shape)
            let x = input.float32Pointer, y = sums.float32Pointer, dy = upstream.float32Pointer, to = dx.float32Pointer
            Parallel.run(rows, grain: Rows.grain(width)) { range in
                let i = range.lowerBound
                concord_log_sum_exp_pullback(to + i * width, x + i * width, y + i, dy + i, range.count, width)
            }
            return [dx]
        }
    }

    private typealias RowKernel = (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int, Int) -> Void
    private typealias RowPullback = (
        UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Int, Int
    ) -> Void

    private func overLastAxis(_ axis: Int, _ operation: String, _ body: (Tensor) -> Tensor) -> Tensor {
        let place = self.axis(axis, in: operation)
        return place == rank - 1 ? body(self) : body(movingAxisToEnd(place)).movingAxisFromEnd(place)
    }

    private func byRows(
        _ kernel: RowKernel, name: StaticString = #function,
        pullback: @escaping (_ output: Tensor, _ upstream: Tensor) -> Tensor
    ) -> Tensor {
        let width = shape[rank - 1], output = Tensor(uninitialized: shape), input = asFloat32
        let x = input.float32Pointer, y = output.float32Pointer
        Parallel.run(Rows.count(of: self), grain: Rows.grain(width)) { range in
            kernel(y + range.lowerBound * width, x + range.lowerBound * width, range.count, width)
        }
        return output.recorded(from: self, name: name) { upstream, _ in [pullback(output, upstream)] }
    }

    /// The input's cotangent from the output and its cotangent, `self`.
    private func pulled(_ kernel: RowPullback, _ output: Tensor) -> Tensor {
        let width = shape[rank - 1], dx = Tensor(uninitialized: shape)
        let y = output.float32Pointer, dy = float32Pointer, to = dx.float32Pointer
        Parallel.run(Rows.count(of: self), grain: Rows.grain(width)) { range in
            let i = range.lowerBound * width
            kernel(to + i, y + i, dy + i, range.count, width)
        }
        return dx
    }

    private func movingAxisToEnd(_ axis: Int) -> Tensor {
        permuted(shape.indices.filter { $0 != axis } + [axis])
    }

    private func movingAxisFromEnd(_ axis: Int) -> Tensor {
        permuted(Array(0..<axis) + [rank - 1] + Array(axis..<rank - 1))
    }
}
