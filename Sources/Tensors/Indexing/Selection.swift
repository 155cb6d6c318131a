import CKernels

extension Tensor {
    /// `self ? a : b`, element by element; the three shapes broadcast. `self` is a uint8 mask.
    public func selecting(_ a: Tensor, otherwise b: Tensor) -> Tensor {
        let output = Broadcast.select(self, a, b)
        let mask = self
        return output.recorded(from: a, b) { [shapes = (a.shape, b.shape)] upstream, needs in
            let zero = Tensor(0)
            return [
                needs[0] ? Broadcast.select(mask, upstream, zero).summed(to: shapes.0) : nil,
                needs[1] ? Broadcast.select(mask, zero, upstream).summed(to: shapes.1) : nil,
            ]
        }
    }

    /// `self ? a : b` with one number for b.
    public func selecting(_ a: Tensor, otherwise b: Float) -> Tensor { selecting(a, otherwise: Tensor(b)) }

    /// The smaller of two, broadcasting; NaN wins. At ties each operand gets half of the gradient, as PyTorch's.
    public func minimum(_ other: Tensor) -> Tensor {
        let output = Broadcast.apply(concord_minimum, asFloat32, other.asFloat32, in: "minimum")
        return output.recorded(from: self, other) {
            [a = detached.asFloat32, b = other.detached.asFloat32] upstream, needs in
            [
                needs[0] ? Broadcast.winner(upstream, b, over: a).summed(to: a.shape) : nil,
                needs[1] ? Broadcast.winner(upstream, a, over: b).summed(to: b.shape) : nil,
            ]
        }
    }

    /// The larger of two, broadcasting; NaN wins. At ties each operand gets half of the gradient, as PyTorch's.
    public func maximum(_ other: Tensor) -> Tensor {
        let output = Broadcast.apply(concord_maximum, asFloat32, other.asFloat32, in: "maximum")
        return output.recorded(from: self, other) {
            [a = detached.asFloat32, b = other.detached.asFloat32] upstream, needs in
            [
                needs[0] ? Broadcast.winner(upstream, a, over: b).summed(to: a.shape) : nil,
                needs[1] ? Broadcast.winner(upstream, b, over: a).summed(to: b.shape) : nil,
            ]
        }
    }

    /// Held to a range; the gradient passes inside of it, ends included. NaN stays.
    public func clamped(to range: ClosedRange<Float>) -> Tensor {
        let x = detached.asFloat32, low = range.lowerBound, high = range.upperBound
        return Elementwise.clamp(x, low, high).recorded(from: self) { upstream, _ in
            [Elementwise.clampPullback(upstream, x, low, high)]
        }
    }
}

extension Broadcast {
    fileprivate static func select(_ mask: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
        let a = a.asFloat32, b = b.asFloat32
        let plan = BroadcastPlan([mask.shape, a.shape, b.shape], in: "selecting")
        let output = Tensor(uninitialized: plan.shape)
        let o = output.float32Pointer, m = mask.uint8Pointer, p = a.float32Pointer, q = b.float32Pointer
        let row = (plan.rowStrides[0], plan.rowStrides[1], plan.rowStrides[2])
        let column = (plan.columnStrides[0], plan.columnStrides[1], plan.columnStrides[2])
        plan.run { block in
            concord_select(
                o + block.output, m + block.operands.0, row.0, column.0, p + block.operands.1, row.1, column.1,
                q + block.operands.2, row.2,
                column.2, block.rows, block.columns)
        }
        return output
    }

    /// `upstream` where a is larger, half of it where both are equal.
    fileprivate static func winner(_ upstream: Tensor, _ a: Tensor, over b: Tensor) -> Tensor {
        winner(upstream, wide: a.broadcasted(to: upstream.shape), b.broadcasted(to: upstream.shape))
    }

    private static func winner(_ upstream: Tensor, wide a: Tensor, _ b: Tensor) -> Tensor {
        let output = Tensor(uninitialized: upstream.shape)
        let o = output.float32Pointer, g = upstream.float32Pointer, p = a.float32Pointer, q = b.float32Pointer
        Parallel.run(output.count, grain: Elementwise.grain) { range in
            let i = range.lowerBound
            concord_winner_pullback(o + i, g + i, p + i, q + i, range.count)
        }
        return output
    }
}

extension Elementwise {
    fileprivate static func clamp(_ x: Tensor, _ low: Float, _ high: Float) -> Tensor {
        let output = Tensor(uninitialized: x.shape)
        let o = output.float32Pointer, p = x.float32Pointer
        Parallel.run(output.count, grain: grain) {
            concord_clamp(o + $0.lowerBound, p + $0.lowerBound, low, high, $0.count)
        }
        return output
    }

    fileprivate static func clampPullback(_ upstream: Tensor, _ x: Tensor, _ low: Float, _ high: Float) -> Tensor {
        let output = Tensor(uninitialized: x.shape)
        let o = output.float32Pointer, g = upstream.float32Pointer, p = x.float32Pointer
        Parallel.run(output.count, grain: grain) {
            concord_clamp_pullback(o + $0.lowerBound, g + $0.lowerBound, p + $0.lowerBound, low, high, $0.count)
        }
        return output
    }
}
