import CKernels

/// Elementwise kernels over operands of different shapes.
enum Broadcast {
    /// out, a, its row and column stride, b, its row and column stride, rows, columns.
    typealias Arithmetic =
        @convention(c) (
            UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int, Int, UnsafePointer<Float>?, Int, Int, Int, Int
        ) -> Void

    /// out, a, b, count.
    typealias NarrowArithmetic =
        @convention(c) (UnsafeMutablePointer<UInt16>?, UnsafePointer<UInt16>?, UnsafePointer<UInt16>?, Int) -> Void

    /// float32 from either type.
    static func apply(_ kernel: Arithmetic, _ a: Tensor, _ b: Tensor, in operation: String) -> Tensor {
        let a = a.asFloat32, b = b.asFloat32
        let p = a.float32Pointer, q = b.float32Pointer
        if a.shape == b.shape {
            let output = Tensor(uninitialized: a.shape)
            let o = output.float32Pointer
            Parallel.run(output.count, grain: Elementwise.grain) {
                kernel(o + $0.lowerBound, p + $0.lowerBound, 0, 1, q + $0.lowerBound, 0, 1, 1, $0.count)
            }
            return output
        }
        let plan = BroadcastPlan([a.shape, b.shape], in: operation)
        let output = Tensor(uninitialized: plan.shape)
        let o = output.float32Pointer
        let (ar, ac, br, bc) = (plan.rowStrides[0], plan.columnStrides[0], plan.rowStrides[1], plan.columnStrides[1])
        plan.run { block in
            kernel(
                o + block.output, p + block.operands.0, ar, ac, q + block.operands.1, br, bc, block.rows, block.columns)
        }
        return output
    }

    /// A sum or difference: bfloat16 where every operand of the result's shape is, so that a smaller one in float32, as
    /// a table of positions, does not widen activations.
    /// - Parameter narrow: the same as `kernel` for operands of one shape.
    static func sum(
        _ kernel: Arithmetic, narrow: NarrowArithmetic, _ a: Tensor, _ b: Tensor, in operation: String
    ) -> Tensor {
        guard a.elementType == .bfloat16 || b.elementType == .bfloat16 else {
            return apply(kernel, a, b, in: operation)
        }
        if a.shape == b.shape, a.elementType == b.elementType {
            let output = Tensor(uninitialized: a.shape, .bfloat16), o = output.bfloat16Pointer, p = a.bfloat16Pointer,
                q = b.bfloat16Pointer
            Parallel.run(output.count, grain: Elementwise.grain) {
                narrow(o + $0.lowerBound, p + $0.lowerBound, q + $0.lowerBound, $0.count)
            }
            return output
        }
        let plan = BroadcastPlan([a.shape, b.shape], in: operation), whole = [a, b].filter { $0.shape == plan.shape }
        guard !whole.isEmpty, whole.allSatisfy({ $0.elementType == .bfloat16 }) else {
            return apply(kernel, a, b, in: operation)
        }
        let output = Tensor(uninitialized: plan.shape, .bfloat16), o = output.elementPointer
        let x = a.shape == plan.shape ? a : a.asFloat32, y = b.shape == plan.shape ? b : b.asFloat32,
            p = x.elementPointer,
            q = y.elementPointer
        let (ar, ac, br, bc) = (plan.rowStrides[0], plan.columnStrides[0], plan.rowStrides[1], plan.columnStrides[1])
        plan.run { block in
            // An operand of the output's shape lies as the output does.
            let (o, p, q) = (o + block.output, p + block.operands.0, q + block.operands.1), width = block.columns
            if block.rows == 1 || width >= 1024 {
                for row in 0..<block.rows {
                    let (o, p, q) = (o + row * width, p + row * ar, q + row * br)
                    Float32Staging.run(0..<width, width: 1, slots: 3, isNeeded: true) { columns, staging in
                        let left = p.isBFloat16 ? staging.read(p, columns, 1) : p.float32 + columns.lowerBound * ac
                        let right = q.isBFloat16 ? staging.read(q, columns, 2) : q.float32 + columns.lowerBound * bc
                        kernel(staging.place(o, columns, 0), left, 0, ac, right, 0, bc, 1, columns.count)
                        staging.write(o, columns, 0)
                    }
                }
            } else {
                Float32Staging.run(0..<block.rows, width: width, slots: 3, isNeeded: true) { rows, staging in
                    let left = p.isBFloat16 ? staging.read(p, rows, 1) : p.float32 + rows.lowerBound * ar
                    let right = q.isBFloat16 ? staging.read(q, rows, 2) : q.float32 + rows.lowerBound * br
                    kernel(staging.place(o, rows, 0), left, ar, ac, right, br, bc, rows.count, width)
                    staging.write(o, rows, 0)
                }
            }
        }
        return output
    }

    /// - Returns: of the element type of `a`.
    static func apply(_ kernel: Arithmetic, _ a: Tensor, _ scalar: Float) -> Tensor {
        let output = Tensor(uninitialized: a.shape, a.elementType)
        let o = output.elementPointer, p = a.elementPointer
        Elementwise.run(output.count, slots: 2, isBFloat16: p.isBFloat16) { range, staging in
            withUnsafePointer(to: scalar) {
                kernel(staging.place(o, range, 0), staging.read(p, range, 1), 0, 1, $0, 0, 0, 1, range.count)
            }
            staging.write(o, range, 0)
        }
        return output
    }

    /// - Returns: of the element type of `a`.
    static func apply(_ kernel: Arithmetic, _ scalar: Float, _ a: Tensor) -> Tensor {
        let output = Tensor(uninitialized: a.shape, a.elementType)
        let o = output.elementPointer, p = a.elementPointer
        Elementwise.run(output.count, slots: 2, isBFloat16: p.isBFloat16) { range, staging in
            withUnsafePointer(to: scalar) {
                kernel(staging.place(o, range, 0), $0, 0, 0, staging.read(p, range, 1), 0, 1, 1, range.count)
            }
            staging.write(o, range, 0)
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
            let o = output.storage.base.assumingMemoryBound(to: UInt32.self),
                p = x.storage.base.assumingMemoryBound(to: UInt32.self)
            plan.run { concord_expand(o + $0.output, p + $0.operands.0, row, column, $0.rows, $0.columns) }
        case 2:
            let o = output.bfloat16Pointer, p = x.bfloat16Pointer
            plan.run { concord_expand_16(o + $0.output, p + $0.operands.0, row, column, $0.rows, $0.columns) }
        case 1:
            let o = output.uint8Pointer, p = x.uint8Pointer
            plan.run { concord_expand_8(o + $0.output, p + $0.operands.0, row, column, $0.rows, $0.columns) }
        default: ShapeCheck.fail("broadcasted", "not for \(x.elementType)")
        }
    }
}
