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
        if elementType == .bfloat16 { return asFloat32.converted(to: type) }
        if type == .bfloat16 { return converted(to: .float32).asBFloat16 }
        let output = Tensor(uninitialized: shape, type)
        switch (elementType, type) {
        case (.uint8, .float32): convert(uint8Pointer, output.float32Pointer, concord_uint8_to_float32)
        case (.int32, .float32): convert(int32Pointer, output.float32Pointer, concord_int32_to_float32)
        case (.float32, .int32): convert(float32Pointer, output.int32Pointer, concord_float32_to_int32)
        case (.float32, .uint8): convert(float32Pointer, output.uint8Pointer, concord_float32_to_uint8)
        case (.uint8, .int32): convert(uint8Pointer, output.int32Pointer, concord_uint8_to_int32)
        case (.int32, .uint8): convert(int32Pointer, output.uint8Pointer, concord_int32_to_uint8)
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
