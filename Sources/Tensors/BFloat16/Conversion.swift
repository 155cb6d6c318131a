extension Tensor {
    /// The same numbers as another element type.
    ///
    /// From float32 to bfloat16 they are rounded to the nearest, of two to the even one; both ways have a
    /// gradient, nothing else does. To integers floats are cut towards zero, numbers beyond the target's range become
    /// its nearest end, NaN becomes 0.
    public func converted(to type: ElementType) -> Tensor {
        if type == elementType { return self }
        if isFloating, type == .float32 || type == .bfloat16 {
            return cast(to: type).recorded(from: self) { upstream, _ in [upstream] }
        }
        if elementType == .bfloat16 { return asFloat32.converted(to: type) }
        if type == .bfloat16 { return converted(to: .float32).asBFloat16 }
        guard let output = Kernels.convert(self, to: type) else {
            ShapeCheck.fail("converted", "\(elementType) \(shape) to \(type) is not supported")
        }
        return output
    }
}
