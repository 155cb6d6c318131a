import CKernels

extension Tensor {
    /// The same numbers as another element type.
    ///
    /// From float32 to bfloat16 they are rounded to the nearest, of two to the even one; there and back carries a
    /// gradient, nothing else does. To integers floats are cut towards zero, numbers beyond the target's range become
    /// its nearest end, NaN becomes 0.
    public func converted(to type: ElementType) -> Tensor {
        if type == elementType { return self }
        if isFloating, type == .float32 || type == .bfloat16 {
            return cast(to: type).recorded(from: self) { upstream, _ in [upstream] }
        }
        if elementType == .bfloat16 { return widened.converted(to: type) }
        if type == .bfloat16 { return converted(to: .float32).narrowed }
        let output = Tensor(uninitialized: shape, type)
        switch (elementType, type) {
        case (.uint8, .float32): convert(octets, output.floats, concord_octets_to_floats)
        case (.int32, .float32): convert(integers, output.floats, concord_integers_to_floats)
        case (.float32, .int32): convert(floats, output.integers, concord_floats_to_integers)
        case (.float32, .uint8): convert(floats, output.octets, concord_floats_to_octets)
        case (.uint8, .int32): convert(octets, output.integers, concord_octets_to_integers)
        case (.int32, .uint8): convert(integers, output.octets, concord_integers_to_octets)
        default: ShapeCheck.fail("converted", "\(elementType) \(shape) to \(type) is not supported")
        }
        return output
    }

    private func convert<From, To>(
        _ from: UnsafeMutablePointer<From>, _ to: UnsafeMutablePointer<To>,
        _ kernel: (UnsafeMutablePointer<To>, UnsafePointer<From>, Int) -> Void
    ) {
        Parallel.run(count, grain: Elementwise.grain) { kernel(to + $0.lowerBound, from + $0.lowerBound, $0.count) }
    }
}
