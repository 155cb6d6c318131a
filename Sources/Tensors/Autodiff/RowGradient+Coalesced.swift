extension RowGradient {
    /// The same gradient with every row standing once, in the order of their first appearance: rows that stand several
    /// times are added up, so that a norm or an optimizer may take each row as it is.
    package var coalesced: RowGradient {
        if isUnited { return self }
        let width = shape[1]
        var places = [Int32](repeating: -1, count: shape[0])
        var order: [Int32] = []
        for (indices, _) in pieces {
            let index = indices.int32Pointer
            for i in 0..<indices.count where places[Int(index[i])] < 0 {
                places[Int(index[i])] = Int32(order.count)
                order.append(index[i])
            }
        }
        let sum = Tensor(zeros: [order.count, width])
        let target = sum.float32Pointer
        for (indices, rows) in pieces {
            let index = indices.int32Pointer, source = rows.float32Pointer
            for i in 0..<indices.count {
                let to = target + Int(places[Int(index[i])]) * width, from = source + i * width
                for j in 0..<width { to[j] += from[j] }
            }
        }
        return RowGradient(shape: shape, pieces: [(Tensor(order, shape: [order.count]), sum)], isUnited: true)
    }
}
