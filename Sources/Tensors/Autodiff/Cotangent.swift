import CKernels

/// The gradient of a loss with respect to one value: dense, or a few rows of a table.
package enum Cotangent: Sendable {
    case dense(Tensor)
    case rows(RowGradient)

    /// Every element of it.
    package var dense: Tensor {
        switch self {
        case .dense(let tensor): tensor
        case .rows(let rows): rows.dense
        }
    }

    /// Of the memory that holds it.
    var bytes: Int {
        switch self {
        case .dense(let tensor): tensor.storage.bytes
        case .rows(let rows): rows.pieces.reduce(0) { $0 + $1.indices.storage.bytes + $1.rows.storage.bytes }
        }
    }

    func cast(to type: ElementType) -> Cotangent {
        switch self {
        case .dense(let tensor): tensor.elementType == type ? self : .dense(tensor.cast(to: type))
        case .rows(let rows): type == .float32 ? .rows(rows.asFloat32) : .dense(rows.asFloat32.dense.cast(to: type))
        }
    }

    /// - Parameter type: of what is summed up: float32, or bfloat16, where each sum is rounded.
    static func accumulate(_ new: Cotangent, into slot: inout Cotangent?, as type: ElementType = .float32) {
        let isFirst = slot == nil
        switch (slot.take()?.cast(to: type), isFirst ? new : new.cast(to: type)) {
        case (nil, _): slot = new  // as it came: whoever takes it brings it to the type that it wants
        case (.rows(let a), .rows(let b)):
            // More rows than the table's own are worth adding up: the memory of many pieces of a batch stays bounded.
            let sum = RowGradient(shape: a.shape, pieces: a.pieces + b.pieces)
            slot = .rows(sum.rowCount > sum.shape[0] ? sum.coalesced : sum)
        case (.dense(var sum), .dense(let addend)): slot = .dense(sum.take(adding: addend))
        case (.dense(var sum), .rows(let rows)):
            sum.makeUnique()
            rows.add(to: sum)
            slot = .dense(sum)
        case (.rows(let rows), .dense(let addend)):
            var sum = addend
            sum.makeUnique()
            rows.add(to: sum)
            slot = .dense(sum)
        }
    }
}

/// The gradient of a table of which few rows were looked up; a row may stand in it several times.
package struct RowGradient: Sendable {
    /// The table's, `[V, D]`.
    package let shape: [Int]
    /// Row numbers `[n]` (int32) and their gradients `[n, D]`.
    package let pieces: [(indices: Tensor, rows: Tensor)]
    /// There is one piece, and no row stands in it twice.
    package let isUnited: Bool

    package init(shape: [Int], pieces: [(indices: Tensor, rows: Tensor)], isUnited: Bool = false) {
        self.shape = shape
        self.pieces = pieces
        self.isUnited = isUnited
    }

    /// Rows of all pieces together.
    var rowCount: Int { pieces.reduce(0) { $0 + $1.indices.count } }

    package var dense: Tensor {
        let sum = Tensor(zeros: shape)
        add(to: sum)
        return sum
    }

    var asFloat32: RowGradient {
        guard pieces.contains(where: { $0.rows.elementType == .bfloat16 }) else { return self }
        return RowGradient(shape: shape, pieces: pieces.map { ($0.indices, $0.rows.asFloat32) }, isUnited: isUnited)
    }

    /// Adds every row in order to a dense `[V, D]` that nobody else holds.
    func add(to sum: Tensor) {
        let width = shape[1]
        let target = sum.float32Pointer
        for (indices, rows) in pieces {
            let index = indices.int32Pointer, source = rows.float32Pointer
            let count = indices.count
            Parallel.run(width, grain: max(1, Elementwise.grain / max(1, count))) {
                concord_scatter_add(target + $0.lowerBound, source + $0.lowerBound, index, count, $0.count, width)
            }
        }
    }
}

extension Tensor {
    /// Gives this value memory of its own unless it is alone on its memory already.
    mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&storage) { storage = copied().storage }
    }

    /// `self + addend`, in this value's memory where nobody else holds it.
    fileprivate mutating func take(adding addend: Tensor) -> Tensor {
        ShapeCheck.same(self, addend, in: "gradient accumulation")
        if isKnownUniquelyReferenced(&storage) {
            Elementwise.accumulate(addend, into: self)
            return self
        }
        return detached + addend.detached
    }
}
