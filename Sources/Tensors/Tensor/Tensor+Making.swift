extension Tensor {
    /// - Parameters:
    ///   - scalars: the elements in row-major order.
    ///   - shape: its product is `scalars.count`.
    public init(_ scalars: [Float], shape: [Int]) {
        self.init(uninitialized: shape)
        ShapeCheck.count(scalars.count, fills: shape, in: "Tensor")
        scalars.withUnsafeBufferPointer {
            float32Pointer.update(from: $0.baseAddress ?? UnsafePointer(float32Pointer), count: $0.count)
        }
    }

    /// Integers: token ids, labels, indices. A bare list of literals makes floats.
    @_disfavoredOverload
    public init(_ scalars: [Int32], shape: [Int]) {
        self.init(uninitialized: shape, .int32)
        ShapeCheck.count(scalars.count, fills: shape, in: "Tensor")
        scalars.withUnsafeBufferPointer {
            int32Pointer.update(from: $0.baseAddress ?? UnsafePointer(int32Pointer), count: $0.count)
        }
    }

    /// Bytes: images as decoded, `[H, W, C]`, and masks.
    @_disfavoredOverload
    public init(_ scalars: [UInt8], shape: [Int]) {
        self.init(uninitialized: shape, .uint8)
        ShapeCheck.count(scalars.count, fills: shape, in: "Tensor")
        scalars.withUnsafeBufferPointer {
            uint8Pointer.update(from: $0.baseAddress ?? UnsafePointer(uint8Pointer), count: $0.count)
        }
    }

    /// Rows padded with zeros at their ends, `[rows, length]`; none is longer.
    package init(rows: [[Float]], paddedTo length: Int) {
        self.init(zeros: [rows.count, length])
        for (place, row) in rows.enumerated() {
            ShapeCheck.require(row.count <= length, "Tensor", "a row of \(row.count) elements does not fit \(length)")
            row.withUnsafeBufferPointer { row in
                if let base = row.baseAddress {
                    (float32Pointer + place * length).update(from: base, count: row.count)
                }
            }
        }
    }

    /// A scalar, of shape `[]`.
    public init(_ scalar: Float) { self.init([scalar], shape: []) }

    /// Every element equal to `scalar`, float32.
    public init(repeating scalar: Float, shape: [Int]) {
        self.init(uninitialized: shape)
        float32Pointer.update(repeating: scalar, count: count)
    }

    /// Every element 0, float32.
    public init(zeros shape: [Int]) { self.init(repeating: 0, shape: shape) }
    /// Every element 1, float32.
    public init(ones shape: [Int]) { self.init(repeating: 1, shape: shape) }

    /// Zeros of any element type.
    package init(zeros shape: [Int], _ elementType: ElementType) {
        self.init(uninitialized: shape, elementType)
        storage.base.initializeMemory(as: UInt8.self, repeating: 0, count: storage.bytes)
    }

    /// The elements in row-major order; float32 and bfloat16 only.
    public var scalars: [Float] {
        let wide = asFloat32
        return Array(UnsafeBufferPointer(start: wide.float32Pointer, count: count))
    }
    /// The elements in row-major order; int32 only.
    public var integerScalars: [Int32] { Array(UnsafeBufferPointer(start: int32Pointer, count: count)) }
    /// The elements in row-major order; uint8 only.
    public var bytes: [UInt8] { Array(UnsafeBufferPointer(start: uint8Pointer, count: count)) }

    /// The one element of a tensor that has one.
    public var item: Float {
        guard count == 1 else { ShapeCheck.fail("item", "one element wanted, shape is \(shape)") }
        return scalars[0]
    }

    /// Whether no element is infinite or NaN; float32 and bfloat16 only.
    package var isFinite: Bool {
        let x = asFloat32, p = x.float32Pointer
        return (0..<count).allSatisfy { p[$0].isFinite }
    }

    /// The same elements in memory of their own.
    package func copied() -> Tensor {
        let copy = Tensor(uninitialized: shape, elementType)
        copy.storage.base.copyMemory(from: storage.base, byteCount: storage.bytes)
        return copy
    }
}

extension Tensor: CustomStringConvertible {
    /// Element type, shape and the first eight elements.
    public var description: String {
        let head: String
        switch elementType {
        case .float32, .bfloat16: head = scalars.prefix(8).map { "\($0)" }.joined(separator: ", ")
        case .int32: head = integerScalars.prefix(8).map { "\($0)" }.joined(separator: ", ")
        case .uint8: head = bytes.prefix(8).map { "\($0)" }.joined(separator: ", ")
        }
        return "Tensor(\(elementType) \(shape): \(head)\(count > 8 ? ", …" : ""))"
    }
}
