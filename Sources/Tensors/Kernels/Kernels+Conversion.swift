import CKernels

extension Kernels {
    /// bfloat16 as float32, exactly.
    static func float32(_ x: Tensor) -> Tensor {
        let output = Tensor(uninitialized: x.shape), from = x.bfloat16Pointer, to = output.float32Pointer
        Parallel.run(output.count, grain: Elementwise.grain) {
            concord_bfloat16_to_float32(to + $0.lowerBound, from + $0.lowerBound, $0.count)
        }
        return output
    }

    /// float32 rounded to bfloat16: to the nearest, of two to the even one.
    static func bfloat16(_ x: Tensor) -> Tensor {
        let output = Tensor(uninitialized: x.shape, .bfloat16), from = x.float32Pointer, to = output.bfloat16Pointer
        Parallel.run(output.count, grain: Elementwise.grain) {
            concord_float32_to_bfloat16(to + $0.lowerBound, from + $0.lowerBound, $0.count)
        }
        return output
    }

    /// Between float32, int32 and uint8.
    /// - Returns: nil where there is no such conversion.
    static func convert(_ x: Tensor, to type: ElementType) -> Tensor? {
        let output = Tensor(uninitialized: x.shape, type)
        switch (x.elementType, type) {
        case (.uint8, .float32): convert(x.uint8Pointer, output.float32Pointer, x.count, concord_uint8_to_float32)
        case (.int32, .float32): convert(x.int32Pointer, output.float32Pointer, x.count, concord_int32_to_float32)
        case (.float32, .int32): convert(x.float32Pointer, output.int32Pointer, x.count, concord_float32_to_int32)
        case (.float32, .uint8): convert(x.float32Pointer, output.uint8Pointer, x.count, concord_float32_to_uint8)
        case (.uint8, .int32): convert(x.uint8Pointer, output.int32Pointer, x.count, concord_uint8_to_int32)
        case (.int32, .uint8): convert(x.int32Pointer, output.uint8Pointer, x.count, concord_int32_to_uint8)
        default: return nil
        }
        return output
    }

    private static func convert<From, To>(
        _ from: UnsafeMutablePointer<From>, _ to: UnsafeMutablePointer<To>, _ count: Int,
        _ kernel: (UnsafeMutablePointer<To>, UnsafePointer<From>, Int) -> Void
    ) {
        Parallel.run(count, grain: Elementwise.grain) { kernel(to + $0.lowerBound, from + $0.lowerBound, $0.count) }
    }

    // MARK: On this thread

    static func float32(_ to: UnsafeMutablePointer<Float>, from: UnsafePointer<UInt16>, count: Int) {
        concord_bfloat16_to_float32(to, from, count)
    }

    static func bfloat16(_ to: UnsafeMutablePointer<UInt16>, from: UnsafePointer<Float>, count: Int) {
        concord_float32_to_bfloat16(to, from, count)
    }

    /// Rows of `width` elements, `toStride` and `fromStride` elements apart.
    static func float32Rows(
        _ to: UnsafeMutablePointer<Float>, _ toStride: Int, from: UnsafePointer<UInt16>, _ fromStride: Int, rows: Int,
        width: Int
    ) {
        concord_bfloat16_to_float32_rows(to, toStride, from, fromStride, rows, width)
    }

    /// Rows of `width` elements, `toStride` and `fromStride` elements apart.
    static func bfloat16Rows(
        _ to: UnsafeMutablePointer<UInt16>, _ toStride: Int, from: UnsafePointer<Float>, _ fromStride: Int, rows: Int,
        width: Int
    ) {
        concord_float32_to_bfloat16_rows(to, toStride, from, fromStride, rows, width)
    }
}
