import CKernels

/// The memory of a tensor of float32 or bfloat16.
struct Numbers {
    let base: UnsafeMutableRawPointer
    /// bfloat16.
    let isNarrow: Bool

    var wide: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
    var narrow: UnsafeMutablePointer<UInt16> { base.assumingMemoryBound(to: UInt16.self) }

    /// The same from an element on.
    static func + (numbers: Numbers, offset: Int) -> Numbers {
        Numbers(base: numbers.base + offset * (numbers.isNarrow ? 2 : 4), isNarrow: numbers.isNarrow)
    }

    /// Element i in float32.
    subscript(i: Int) -> Float { isNarrow ? Float(bitPattern: UInt32(narrow[i]) << 16) : wide[i] }
}

extension Tensor {
    /// The elements' memory, of float32 or bfloat16. The tensor must be a named value that outlives its use, never a
    /// temporary.
    var numbers: Numbers {
        guard isFloating else { ShapeCheck.fail("Tensor", "float32 or bfloat16 wanted, \(elementType) found \(shape)") }
        return Numbers(base: storage.base, isNarrow: elementType == .bfloat16)
    }

    /// float32 or bfloat16.
    var isFloating: Bool { elementType == .float32 || elementType == .bfloat16 }

    /// The same numbers in float32: a constant where they were bfloat16.
    ///
    /// An operation that takes its input so needs no step back: the tape gives every value's cotangent that value's
    /// type.
    package var widened: Tensor {
        guard elementType == .bfloat16 else { return self }
        let output = Tensor(uninitialized: shape), from = narrows, to = output.floats
        Parallel.run(count, grain: Elementwise.grain) {
            concord_widen(to + $0.lowerBound, from + $0.lowerBound, $0.count)
        }
        return output
    }

    /// The same numbers rounded to bfloat16: a constant where they were float32.
    var narrowed: Tensor {
        guard elementType == .float32 else { return self }
        let output = Tensor(uninitialized: shape, .bfloat16), from = floats, to = output.narrows
        Parallel.run(count, grain: Elementwise.grain) {
            concord_narrow(to + $0.lowerBound, from + $0.lowerBound, $0.count)
        }
        return output
    }

    /// A constant of one of the two floating types.
    func cast(to type: ElementType) -> Tensor {
        switch (elementType, type) {
        case (.float32, .bfloat16): narrowed
        case (.bfloat16, .float32): widened
        default: self
        }
    }
}
