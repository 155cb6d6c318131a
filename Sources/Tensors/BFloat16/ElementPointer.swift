/// The memory of a tensor of float32 or bfloat16.
struct ElementPointer {
    let base: UnsafeMutableRawPointer
    /// bfloat16.
    let isBFloat16: Bool

    var float32: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
    var bfloat16: UnsafeMutablePointer<UInt16> { base.assumingMemoryBound(to: UInt16.self) }

    /// The same from an element on.
    static func + (elementPointer: ElementPointer, offset: Int) -> ElementPointer {
        ElementPointer(
            base: elementPointer.base + offset * (elementPointer.isBFloat16 ? 2 : 4),
            isBFloat16: elementPointer.isBFloat16)
    }

    /// Element i in float32.
    subscript(i: Int) -> Float { isBFloat16 ? Float(bitPattern: UInt32(bfloat16[i]) << 16) : float32[i] }
}

extension Tensor {
    /// The elements' memory, of float32 or bfloat16. The tensor must be a named value that outlives its use, never a
    /// temporary.
    var elementPointer: ElementPointer {
        guard isFloating else { ShapeCheck.fail("Tensor", "float32 or bfloat16 wanted, \(elementType) found \(shape)") }
        return ElementPointer(base: storage.base, isBFloat16: elementType == .bfloat16)
    }

    /// float32 or bfloat16.
    var isFloating: Bool { elementType == .float32 || elementType == .bfloat16 }

    /// The same numbers in float32: a constant where they were bfloat16.
    ///
    /// An operation that takes its input so needs no step back: the tape gives every value's cotangent that value's
    /// type.
    package var asFloat32: Tensor {
        guard elementType == .bfloat16 else { return self }
        return Kernels.float32(self)
    }

    /// The same numbers rounded to bfloat16: a constant where they were float32.
    var asBFloat16: Tensor {
        guard elementType == .float32 else { return self }
        return Kernels.bfloat16(self)
    }

    /// A constant of one of the two floating types.
    package func cast(to type: ElementType) -> Tensor {
        switch (elementType, type) {
        case (.float32, .bfloat16): asBFloat16
        case (.bfloat16, .float32): asFloat32
        default: self
        }
    }
}
