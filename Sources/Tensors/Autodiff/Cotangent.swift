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
        case .rows(let rows): rows.contributions.reduce(0) { $0 + $1.indices.storage.bytes + $1.rows.storage.bytes }
        }
    }

    func cast(to type: ElementType) -> Cotangent {
        switch self {
        case .dense(let tensor): tensor.elementType == type ? self : .dense(tensor.cast(to: type))
        case .rows(let rows): type == .float32 ? .rows(rows.asFloat32) : .dense(rows.asFloat32.dense.cast(to: type))
        }
    }

    /// - Parameter type: of what is summed up: float32, or bfloat16, where each sum is rounded.
    package static func accumulate(_ new: Cotangent, into slot: inout Cotangent?, as type: ElementType = .float32) {
        let isFirst = slot == nil
        switch (slot.take()?.cast(to: type), isFirst ? new : new.cast(to: type)) {
        case (nil, _): slot = new  // unchanged: its consumer converts it
        case (.rows(let a), .rows(let b)):
            // More rows than the table's own are worth adding up: the memory of many microbatches stays bounded.
            let sum = RowGradient(shape: a.shape, contributions: a.contributions + b.contributions)
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

/// The gradient of a table of which few rows were looked up; a row may be in it several times.
package struct RowGradient: Sendable {
    /// The table's, `[V, D]`.
    package let shape: [Int]
    /// Row numbers `[n]` (int32) and their gradients `[n, D]`.
    package let contributions: [(indices: Tensor, rows: Tensor)]
    /// There is one contribution, without duplicate rows.
    package let isCoalesced: Bool

    package init(shape: [Int], contributions: [(indices: Tensor, rows: Tensor)], isCoalesced: Bool = false) {
        self.shape = shape
        self.contributions = contributions
        self.isCoalesced = isCoalesced
    }

    /// Rows of all contributions together.
    var rowCount: Int { contributions.reduce(0) { $0 + $1.indices.count } }

    package var dense: Tensor {
        let sum = Tensor(zeros: shape)
        add(to: sum)
        return sum
    }

    var asFloat32: RowGradient {
        guard contributions.contains(where: { $0.rows.elementType == .bfloat16 }) else { return self }
        return RowGradient(
            shape: shape, contributions: contributions.map { ($0.indices, $0.rows.asFloat32) },
            isCoalesced: isCoalesced)
    }

    /// Adds every row in order to a dense `[V, D]` that nobody else holds.
    func add(to sum: Tensor) {
        for (indices, rows) in contributions { Kernels.scatterAdd(rows, at: indices, into: sum) }
    }
}

extension Tensor {
    /// Copies this value's memory unless no other value uses it.
    package mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&storage) { storage = copied().storage }
    }

    /// `self + addend`, in this value's memory where nobody else holds it.
    fileprivate mutating func take(adding addend: Tensor) -> Tensor {
        ShapeCheck.same(self, addend, in: "gradient accumulation")
        if isKnownUniquelyReferenced(&storage) {
            Kernels.accumulate(addend, into: self)
            return self
        }
        return detached + addend.detached
    }
}

extension RowGradient {
    /// The same gradient with every row once, in the order of their first appearance: duplicate rows are
    /// added up, so that a norm or an optimizer may take each row as it is.
    package var coalesced: RowGradient {
        if isCoalesced { return self }
        let width = shape[1]
        var places = [Int32](repeating: -1, count: shape[0])
        var order: [Int32] = []
        for (indices, _) in contributions {
            let index = indices.int32Pointer
            for i in 0..<indices.count where places[Int(index[i])] < 0 {
                places[Int(index[i])] = Int32(order.count)
                order.append(index[i])
            }
        }
        let sum = Tensor(zeros: [order.count, width])
        let target = sum.float32Pointer
        for (indices, rows) in contributions {
            let index = indices.int32Pointer, source = rows.float32Pointer
            for i in 0..<indices.count {
                let to = target + Int(places[Int(index[i])]) * width, from = source + i * width
                for j in 0..<width { to[j] += from[j] }
            }
        }
        return RowGradient(shape: shape, contributions: [(Tensor(order, shape: [order.count]), sum)], isCoalesced: true)
    }
}
