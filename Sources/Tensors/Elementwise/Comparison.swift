import CKernels

/// Comparisons, element by element and broadcasting: a uint8 mask, 1 where true. Two tensors are of one element type,
/// int32 or uint8, or both of floats. Every comparison with NaN is false but `.!=`.
extension Tensor {
    public static func .> (a: Tensor, b: Tensor) -> Tensor {
        Broadcast.compare(a, b, concord_greater, concord_greater_int32, in: ".>")
    }
    public static func .< (a: Tensor, b: Tensor) -> Tensor {
        Broadcast.compare(b, a, concord_greater, concord_greater_int32, in: ".<")
    }
    public static func .>= (a: Tensor, b: Tensor) -> Tensor {
        Broadcast.compare(a, b, concord_greater_equal, concord_greater_equal_int32, in: ".>=")
    }
    public static func .<= (a: Tensor, b: Tensor) -> Tensor {
        Broadcast.compare(b, a, concord_greater_equal, concord_greater_equal_int32, in: ".<=")
    }
    public static func .== (a: Tensor, b: Tensor) -> Tensor {
        Broadcast.compare(a, b, concord_equal, concord_equal_int32, in: ".==")
    }
    public static func .!= (a: Tensor, b: Tensor) -> Tensor {
        Broadcast.compare(a, b, concord_not_equal, concord_not_equal_int32, in: ".!=")
    }

    public static func .> (a: Tensor, b: Float) -> Tensor { a .> Broadcast.constant(b, like: a, in: ".>") }
    public static func .< (a: Tensor, b: Float) -> Tensor { a .< Broadcast.constant(b, like: a, in: ".<") }
    public static func .>= (a: Tensor, b: Float) -> Tensor { a .>= Broadcast.constant(b, like: a, in: ".>=") }
    public static func .<= (a: Tensor, b: Float) -> Tensor { a .<= Broadcast.constant(b, like: a, in: ".<=") }
    public static func .== (a: Tensor, b: Float) -> Tensor { a .== Broadcast.constant(b, like: a, in: ".==") }
    public static func .!= (a: Tensor, b: Float) -> Tensor { a .!= Broadcast.constant(b, like: a, in: ".!=") }
}

extension Broadcast {
    fileprivate typealias FloatComparison =
        @convention(c) (
            UnsafeMutablePointer<UInt8>?, UnsafePointer<Float>?, Int, Int, UnsafePointer<Float>?, Int, Int, Int, Int
        ) -> Void
    fileprivate typealias IntegerComparison =
        @convention(c) (
            UnsafeMutablePointer<UInt8>?, UnsafePointer<Int32>?, Int, Int, UnsafePointer<Int32>?, Int, Int, Int, Int
        ) -> Void

    fileprivate static func compare(
        _ a: Tensor, _ b: Tensor, _ float32Pointer: FloatComparison, _ int32Pointer: IntegerComparison,
        in operation: String
    ) -> Tensor {
        let a = a.asFloat32, b = b.asFloat32
        ShapeCheck.require(
            a.elementType == b.elementType, operation, "\(a.elementType) \(a.shape) with \(b.elementType) \(b.shape)")
        if a.elementType == .uint8 {
            return compare(
                a.converted(to: .int32), b.converted(to: .int32), float32Pointer, int32Pointer, in: operation)
        }
        let plan = BroadcastPlan([a.shape, b.shape], in: operation)
        let output = Tensor(uninitialized: plan.shape, .uint8)
        let o = output.uint8Pointer
        let (ar, ac, br, bc) = (plan.rowStrides[0], plan.columnStrides[0], plan.rowStrides[1], plan.columnStrides[1])
        if a.elementType == .float32 {
            let p = a.float32Pointer, q = b.float32Pointer
            plan.run {
                float32Pointer(o + $0.output, p + $0.operands.0, ar, ac, q + $0.operands.1, br, bc, $0.rows, $0.columns)
            }
        } else {
            let p = a.int32Pointer, q = b.int32Pointer
            plan.run {
                int32Pointer(o + $0.output, p + $0.operands.0, ar, ac, q + $0.operands.1, br, bc, $0.rows, $0.columns)
            }
        }
        return output
    }

    fileprivate static func constant(_ value: Float, like x: Tensor, in operation: String) -> Tensor {
        if x.isFloating { return Tensor(value) }
        guard let whole = Int32(exactly: value) else {
            ShapeCheck.fail(operation, "\(x.elementType) \(x.shape) with \(value), not whole")
        }
        return Tensor([whole], shape: []).converted(to: x.elementType)
    }
}
