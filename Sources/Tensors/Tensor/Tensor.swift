/// A contiguous array of numbers, row-major, with a shape: an immutable value.
///
/// ```swift
/// let x = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
/// let y = x.matmul(x, transposing: .right)                              // [2, 2]
/// ```
///
/// Images are `[N, H, W, C]`, sequences `[N, T, C]`. A tensor made under `valueWithGradient` remembers how it was made
/// until that scope ends; afterwards it is a constant.
public struct Tensor: Sendable {
    /// Sizes of the axes, outermost first; empty for a scalar.
    public let shape: [Int]
    /// What one element is.
    public let elementType: ElementType
    package internal(set) var storage: Storage
    /// This value's node on the tape that recorded it.
    package let trace: Trace?
    /// How a pullback may compute this value again instead of storing it.
    let rematerialization: Rematerialization?

    package init(shape: [Int], elementType: ElementType, storage: Storage, trace: Trace? = nil) {
        self.init(shape: shape, elementType: elementType, storage: storage, trace: trace, rematerialization: nil)
    }

    init(shape: [Int], elementType: ElementType, storage: Storage, trace: Trace?, rematerialization: Rematerialization?)
    {
        self.shape = shape
        self.elementType = elementType
        self.storage = storage
        self.trace = trace
        self.rematerialization = rematerialization
    }

    /// Memory with arbitrary contents, for a kernel to fill.
    package init(uninitialized shape: [Int], _ elementType: ElementType = .float32) {
        var bytes = elementType.size, isTooLarge = false
        for size in shape {
            guard size >= 0 else { ShapeCheck.fail("Tensor", "shape \(shape) has a negative size") }
            let (product, overflows) = bytes.multipliedReportingOverflow(by: size)
            isTooLarge = isTooLarge || overflows
            bytes = product
        }
        if isTooLarge, !shape.contains(0) { OutOfMemory.fail(.max, for: "a tensor \(shape)") }
        self.init(shape: shape, elementType: elementType, storage: Storage(bytes: bytes, for: "a tensor \(shape)"))
    }

    /// Number of elements.
    public var count: Int { storage.bytes / elementType.size }
    /// Number of axes.
    public var rank: Int { shape.count }

    /// The same values without their history: a constant to every tape.
    public var detached: Tensor {
        trace == nil ? self : Tensor(shape: shape, elementType: elementType, storage: storage)
    }

    /// The elements' memory, float32 only. The tensor must be a named value that outlives the pointer's use, never a
    /// temporary.
    package var float32Pointer: UnsafeMutablePointer<Float> {
        guard elementType == .float32 else {
            ShapeCheck.fail("Tensor", "float32 wanted, \(elementType) found \(shape)")
        }
        return storage.base.assumingMemoryBound(to: Float.self)
    }

    /// bfloat16 numbers as they are stored.
    package var bfloat16Pointer: UnsafeMutablePointer<UInt16> {
        guard elementType == .bfloat16 else {
            ShapeCheck.fail("Tensor", "bfloat16 wanted, \(elementType) found \(shape)")
        }
        return storage.base.assumingMemoryBound(to: UInt16.self)
    }

    package var int32Pointer: UnsafeMutablePointer<Int32> {
        guard elementType == .int32 else { ShapeCheck.fail("Tensor", "int32 wanted, \(elementType) found \(shape)") }
        return storage.base.assumingMemoryBound(to: Int32.self)
    }

    package var uint8Pointer: UnsafeMutablePointer<UInt8> {
        guard elementType == .uint8 else { ShapeCheck.fail("Tensor", "uint8 wanted, \(elementType) found \(shape)") }
        return storage.base.assumingMemoryBound(to: UInt8.self)
    }

    /// Changes the elements in place where nobody else holds the memory, in a copy otherwise. For optimizers and
    /// loaders.
    package mutating func update(_ body: (UnsafeMutablePointer<Float>) -> Void) {
        makeUnique()
        body(float32Pointer)
        storage.touch()
    }

    /// An axis counted from the end when negative, checked.
    package func axis(_ axis: Int, in operation: String) -> Int {
        let resolved = axis < 0 ? axis + rank : axis
        guard shape.indices.contains(resolved) else { ShapeCheck.fail(operation, "axis \(axis) of \(shape)") }
        return resolved
    }
}
