import CKernels

// MARK: Arithmetic

extension Kernels {
    /// A function of two numbers.
    enum Binary {
        case add, subtract, multiply, divide
        /// NaN wins.
        case minimum, maximum

        /// out, a, its row and column stride, b, its row and column stride, rows, columns.
        fileprivate typealias Function =
            @convention(c) (
                UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int, Int, UnsafePointer<Float>?, Int, Int, Int, Int
            ) -> Void

        fileprivate var function: Function {
            switch self {
            case .add: concord_add
            case .subtract: concord_subtract
            case .multiply: concord_multiply
            case .divide: concord_divide
            case .minimum: concord_minimum
            case .maximum: concord_maximum
            }
        }
    }

    /// float32 from either type, broadcasting.
    static func binary(_ function: Binary, _ a: Tensor, _ b: Tensor, in operation: String) -> Tensor {
        let a = a.asFloat32, b = b.asFloat32, kernel = function.function
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
        let (ar, ac) = plan.strides(of: 0), (br, bc) = plan.strides(of: 1)
        plan.run { block in
            kernel(
                o + block.output, p + block.operands.0, ar, ac, q + block.operands.1, br, bc, block.rows, block.columns)
        }
        return output
    }

    /// A sum or difference: bfloat16 where every operand of the result's shape is, so that a smaller one in float32, as
    /// a table of positions, does not turn activations into float32.
    static func sum(_ a: Tensor, _ b: Tensor, in operation: String) -> Tensor {
        keepingBFloat16(.add, ofOneShape: concord_add_bfloat16, a, b, in: operation)
    }

    /// `a - b`, as `sum`.
    static func difference(_ a: Tensor, _ b: Tensor, in operation: String) -> Tensor {
        keepingBFloat16(.subtract, ofOneShape: concord_subtract_bfloat16, a, b, in: operation)
    }

    /// out, a, b, count.
    private typealias BFloat16Function =
        @convention(c) (UnsafeMutablePointer<UInt16>?, UnsafePointer<UInt16>?, UnsafePointer<UInt16>?, Int) -> Void

    /// - Parameter bfloat16Kernel: the same as `function` for operands of one shape.
    private static func keepingBFloat16(
        _ function: Binary, ofOneShape bfloat16Kernel: BFloat16Function, _ a: Tensor, _ b: Tensor,
        in operation: String
    ) -> Tensor {
        guard a.elementType == .bfloat16 || b.elementType == .bfloat16 else {
            return binary(function, a, b, in: operation)
        }
        if a.shape == b.shape, a.elementType == b.elementType {
            let output = Tensor(uninitialized: a.shape, .bfloat16)
            let o = output.bfloat16Pointer, p = a.bfloat16Pointer, q = b.bfloat16Pointer
            Parallel.run(output.count, grain: Elementwise.grain) {
                bfloat16Kernel(o + $0.lowerBound, p + $0.lowerBound, q + $0.lowerBound, $0.count)
            }
            return output
        }
        let plan = BroadcastPlan([a.shape, b.shape], in: operation), whole = [a, b].filter { $0.shape == plan.shape }
        guard !whole.isEmpty, whole.allSatisfy({ $0.elementType == .bfloat16 }) else {
            return binary(function, a, b, in: operation)
        }
        let output = Tensor(uninitialized: plan.shape, .bfloat16), kernel = function.function
        let x = a.shape == plan.shape ? a : a.asFloat32, y = b.shape == plan.shape ? b : b.asFloat32
        let o = output.elementPointer, p = x.elementPointer, q = y.elementPointer
        let (ar, ac) = plan.strides(of: 0), (br, bc) = plan.strides(of: 1)
        plan.run { block in
            // An operand of the output's shape has the output's layout.
            let o = o + block.output, p = p + block.operands.0, q = q + block.operands.1, width = block.columns
            if block.rows == 1 || width >= 1024 {
                for row in 0..<block.rows {
                    let o = o + row * width, p = p + row * ar, q = q + row * br
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
    static func binary(_ function: Binary, _ a: Tensor, _ scalar: Float) -> Tensor {
        let output = Tensor(uninitialized: a.shape, a.elementType), kernel = function.function
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
    static func binary(_ function: Binary, _ scalar: Float, _ a: Tensor) -> Tensor {
        let output = Tensor(uninitialized: a.shape, a.elementType), kernel = function.function
        let o = output.elementPointer, p = a.elementPointer
        Elementwise.run(output.count, slots: 2, isBFloat16: p.isBFloat16) { range, staging in
            withUnsafePointer(to: scalar) {
                kernel(staging.place(o, range, 0), $0, 0, 0, staging.read(p, range, 1), 0, 1, 1, range.count)
            }
            staging.write(o, range, 0)
        }
        return output
    }

    /// The gradient of the larger of two: `upstream` where a is larger, half of it where both are equal, else 0.
    /// - Parameter upstream: float32; a and b broadcast to its shape.
    static func maximumPullback(_ upstream: Tensor, _ a: Tensor, over b: Tensor) -> Tensor {
        let a = a.broadcasted(to: upstream.shape), b = b.broadcasted(to: upstream.shape)
        let output = Tensor(uninitialized: upstream.shape)
        let o = output.float32Pointer, g = upstream.float32Pointer, p = a.float32Pointer, q = b.float32Pointer
        Parallel.run(output.count, grain: Elementwise.grain) { range in
            let i = range.lowerBound
            concord_winner_pullback(o + i, g + i, p + i, q + i, range.count)
        }
        return output
    }
}

// MARK: Comparison

extension Kernels {
    /// A comparison of two numbers of one type; with NaN all are false but `notEqual`.
    enum Comparison {
        case greater, greaterEqual, equal, notEqual

        fileprivate typealias FloatFunction =
            @convention(c) (
                UnsafeMutablePointer<UInt8>?, UnsafePointer<Float>?, Int, Int, UnsafePointer<Float>?, Int, Int, Int, Int
            ) -> Void
        fileprivate typealias IntegerFunction =
            @convention(c) (
                UnsafeMutablePointer<UInt8>?, UnsafePointer<Int32>?, Int, Int, UnsafePointer<Int32>?, Int, Int, Int, Int
            ) -> Void

        fileprivate var float32: FloatFunction {
            switch self {
            case .greater: concord_greater
            case .greaterEqual: concord_greater_equal
            case .equal: concord_equal
            case .notEqual: concord_not_equal
            }
        }

        fileprivate var int32: IntegerFunction {
            switch self {
            case .greater: concord_greater_int32
            case .greaterEqual: concord_greater_equal_int32
            case .equal: concord_equal_int32
            case .notEqual: concord_not_equal_int32
            }
        }
    }

    /// - Parameters: a, b: both float32 or both int32, broadcasting.
    /// - Returns: a uint8 mask.
    static func compare(_ comparison: Comparison, _ a: Tensor, _ b: Tensor, in operation: String) -> Tensor {
        let plan = BroadcastPlan([a.shape, b.shape], in: operation)
        let output = Tensor(uninitialized: plan.shape, .uint8)
        let o = output.uint8Pointer
        let (ar, ac) = plan.strides(of: 0), (br, bc) = plan.strides(of: 1)
        if a.elementType == .float32 {
            let p = a.float32Pointer, q = b.float32Pointer, kernel = comparison.float32
            plan.run {
                kernel(o + $0.output, p + $0.operands.0, ar, ac, q + $0.operands.1, br, bc, $0.rows, $0.columns)
            }
        } else {
            let p = a.int32Pointer, q = b.int32Pointer, kernel = comparison.int32
            plan.run {
                kernel(o + $0.output, p + $0.operands.0, ar, ac, q + $0.operands.1, br, bc, $0.rows, $0.columns)
            }
        }
        return output
    }

    /// `mask ? a : b`, float32; the three broadcast.
    static func select(_ mask: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
        let a = a.asFloat32, b = b.asFloat32
        let plan = BroadcastPlan([mask.shape, a.shape, b.shape], in: "selecting")
        let output = Tensor(uninitialized: plan.shape)
        let o = output.float32Pointer, m = mask.uint8Pointer, p = a.float32Pointer, q = b.float32Pointer
        let (mr, mc) = plan.strides(of: 0), (ar, ac) = plan.strides(of: 1), (br, bc) = plan.strides(of: 2)
        plan.run { block in
            concord_select(
                o + block.output, m + block.operands.0, mr, mc, p + block.operands.1, ar, ac, q + block.operands.2,
                br, bc, block.rows, block.columns)
        }
        return output
    }
}

// MARK: Expansion

extension Kernels {
    /// `x` repeated to the plan's shape, any element type.
    static func broadcast(_ x: Tensor, _ plan: BroadcastPlan) -> Tensor {
        let output = Tensor(uninitialized: plan.shape, x.elementType)
        let (row, column) = plan.strides(of: 0), from = x.storage.base, to = output.storage.base
        switch x.elementType.size {
        case 4:
            let o = to.assumingMemoryBound(to: UInt32.self), p = from.assumingMemoryBound(to: UInt32.self)
            plan.run { concord_expand(o + $0.output, p + $0.operands.0, row, column, $0.rows, $0.columns) }
        case 2:
            let o = to.assumingMemoryBound(to: UInt16.self), p = from.assumingMemoryBound(to: UInt16.self)
            plan.run { concord_expand_16(o + $0.output, p + $0.operands.0, row, column, $0.rows, $0.columns) }
        case 1:
            let o = to.assumingMemoryBound(to: UInt8.self), p = from.assumingMemoryBound(to: UInt8.self)
            plan.run { concord_expand_8(o + $0.output, p + $0.operands.0, row, column, $0.rows, $0.columns) }
        default: ShapeCheck.fail("broadcasted", "not for \(x.elementType)")
        }
        return output
    }
}
