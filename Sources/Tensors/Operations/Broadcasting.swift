import CKernels

/// Elementwise kernels over operands of different shapes.
enum Broadcast {
    /// out, a, its row and column stride, b, its row and column stride, rows, columns.
    typealias Arithmetic =
        @convention(c) (
            UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int, Int, UnsafePointer<Float>?, Int, Int, Int, Int
        ) -> Void

    static func apply(_ kernel: Arithmetic, _ a: Tensor, _ b: Tensor, in operation: String) -> Tensor {
        let p = a.floats, q = b.floats
        if a.shape == b.shape {
            let output = Tensor(uninitialized: a.shape)
            let o = output.floats
            Parallel.run(output.count, grain: Elementwise.grain) {
                kernel(o + $0.lowerBound, p + $0.lowerBound, 0, 1, q + $0.lowerBound, 0, 1, 1, $0.count)
            }
            return output
        }
        let plan = BroadcastPlan([a.shape, b.shape], in: operation)
        let output = Tensor(uninitialized: plan.shape)
        let o = output.floats
        let (ar, ac, br, bc) = (plan.rowStrides[0], plan.columnStrides[0], plan.rowStrides[1], plan.columnStrides[1])
        plan.run { block in
            kernel(o + block.output, p + block.operands.0, ar, ac, q + block.operands.1, br, bc, block.rows, block.columns)
        }
        return output
    }

    static func apply(_ kernel: Arithmetic, _ a: Tensor, _ scalar: Float) -> Tensor {
        let output = Tensor(uninitialized: a.shape)
        let o = output.floats, p = a.floats
        Parallel.run(output.count, grain: Elementwise.grain) { range in
            withUnsafePointer(to: scalar) { kernel(o + range.lowerBound, p + range.lowerBound, 0, 1, $0, 0, 0, 1, range.count) }
        }
        return output
    }

    static func apply(_ kernel: Arithmetic, _ scalar: Float, _ a: Tensor) -> Tensor {
        let output = Tensor(uninitialized: a.shape)
        let o = output.floats, p = a.floats
        Parallel.run(output.count, grain: Elementwise.grain) { range in
            withUnsafePointer(to: scalar) { kernel(o + range.lowerBound, $0, 0, 0, p + range.lowerBound, 0, 1, 1, range.count) }
        }
        return output
    }
}

extension Tensor {
    /// This value repeated along axes of size one, and along new leading axes, until it has the given shape.
    /// - Parameter shape: what the operand broadcasts to by NumPy's rule.
    public func broadcasted(to shape: [Int]) -> Tensor {
        if shape == self.shape { return self }
        let plan = BroadcastPlan([self.shape, shape], in: "broadcasted")
        ShapeCheck.require(plan.shape == shape, "broadcasted", "\(self.shape) does not broadcast to \(shape)")
        let output = Tensor(uninitialized: shape, elementType)
        Broadcast.expand(self, into: output, plan)
        return output.recorded(from: self) { [own = self.shape] upstream, _ in [upstream.summed(to: own)] }
    }

    /// The sum over every axis along which a value of the given shape was repeated: broadcasting's adjoint.
    package func summed(to shape: [Int]) -> Tensor {
        if shape == self.shape { return self }
        let missing = rank - shape.count
        let axes = (0..<rank).filter { $0 < missing || (shape[$0 - missing] == 1 && self.shape[$0] != 1) }
        return sum(axes: axes).reshaped(shape)
    }
}

extension Broadcast {
    fileprivate static func expand(_ x: Tensor, into output: Tensor, _ plan: BroadcastPlan) {
        let (row, column) = (plan.rowStrides[0], plan.columnStrides[0])
        switch x.elementType.size {
        case 4:
            let o = output.storage.base.assumingMemoryBound(to: UInt32.self), p = x.storage.base.assumingMemoryBound(to: UInt32.self)
            plan.run { concord_expand(o + $0.output, p + $0.operands.0, row, column, $0.rows, $0.columns) }
        case 1:
            let o = output.octets, p = x.octets
            plan.run { concord_expand_octets(o + $0.output, p + $0.operands.0, row, column, $0.rows, $0.columns) }
        default: ShapeCheck.fail("broadcasted", "not for \(x.elementType)")
        }
    }
}
