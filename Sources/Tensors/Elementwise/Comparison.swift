/// Comparisons, element by element and broadcasting: a uint8 mask, 1 where true. Two tensors are of one element type,
/// int32 or uint8, or both of floats. Every comparison with NaN is false but `.!=`. None has a gradient.
extension Tensor {
    /// 1 where `a > b`.
    public static func .> (a: Tensor, b: Tensor) -> Tensor { compare(.greater, a, b, in: ".>") }
    /// 1 where `a < b`.
    public static func .< (a: Tensor, b: Tensor) -> Tensor { compare(.greater, b, a, in: ".<") }
    /// 1 where `a >= b`.
    public static func .>= (a: Tensor, b: Tensor) -> Tensor { compare(.greaterEqual, a, b, in: ".>=") }
    /// 1 where `a <= b`.
    public static func .<= (a: Tensor, b: Tensor) -> Tensor { compare(.greaterEqual, b, a, in: ".<=") }
    /// 1 where `a == b`.
    public static func .== (a: Tensor, b: Tensor) -> Tensor { compare(.equal, a, b, in: ".==") }
    /// 1 where `a != b`.
    public static func .!= (a: Tensor, b: Tensor) -> Tensor { compare(.notEqual, a, b, in: ".!=") }

    /// 1 where an element is above b, which is whole for integer elements.
    public static func .> (a: Tensor, b: Float) -> Tensor { a .> constant(b, like: a, in: ".>") }
    /// 1 where an element is below b, which is whole for integer elements.
    public static func .< (a: Tensor, b: Float) -> Tensor { a .< constant(b, like: a, in: ".<") }
    /// 1 where an element is b or above it; b is whole for integer elements.
    public static func .>= (a: Tensor, b: Float) -> Tensor { a .>= constant(b, like: a, in: ".>=") }
    /// 1 where an element is b or below it; b is whole for integer elements.
    public static func .<= (a: Tensor, b: Float) -> Tensor { a .<= constant(b, like: a, in: ".<=") }
    /// 1 where an element is b, which is whole for integer elements.
    public static func .== (a: Tensor, b: Float) -> Tensor { a .== constant(b, like: a, in: ".==") }
    /// 1 where an element is not b, which is whole for integer elements.
    public static func .!= (a: Tensor, b: Float) -> Tensor { a .!= constant(b, like: a, in: ".!=") }

    private static func compare(
        _ comparison: Kernels.Comparison, _ a: Tensor, _ b: Tensor, in operation: String
    ) -> Tensor {
        let a = a.asFloat32, b = b.asFloat32
        ShapeCheck.require(
            a.elementType == b.elementType, operation, "\(a.elementType) \(a.shape) with \(b.elementType) \(b.shape)")
        if a.elementType == .uint8 {
            return Kernels.compare(comparison, a.converted(to: .int32), b.converted(to: .int32), in: operation)
        }
        return Kernels.compare(comparison, a, b, in: operation)
    }

    private static func constant(_ value: Float, like x: Tensor, in operation: String) -> Tensor {
        if x.isFloating { return Tensor(value) }
        guard let whole = Int32(exactly: value) else {
            ShapeCheck.fail(operation, "\(x.elementType) \(x.shape) with \(value), not whole")
        }
        return Tensor([whole], shape: []).converted(to: x.elementType)
    }
}
