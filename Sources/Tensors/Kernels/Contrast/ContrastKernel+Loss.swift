/// From all rows and columns to the loss and its gradients.
extension ContrastKernel {
    /// - Parameters:
    ///   - ranks: divide the rows among them; nil: all rows are this process's.
    ///   - kept: gets logits for the backward pass.
    /// - Returns: the loss, and the gradient coefficients for an upstream gradient of 1.
    func forward(among ranks: (any ContrastRanks)?, keeping kept: KeptLogits?) -> (Float, Coefficients) {
        let rowSums = Self.clearedStatistics(n), columnSums = options.isSymmetric ? Self.clearedStatistics(m) : nil
        addStatistics(of: ranks?.rows(of: n) ?? 0..<n, to: rowSums, columnSums, keeping: kept)
        ranks?.merge([rowSums] + (columnSums.map { [$0] } ?? []), hardness: options.hardness)
        let weight = options.isSymmetric ? 0.5 : 1.0
        let byRow = ContrastSummary(options, labels: rowLabels, others: columnLabels).summed(
            rowSums, weight: weight, scale: scale, bound: bound)
        guard let columnSums else {
            return (
                Float(byRow.loss),
                Coefficients(rows: byRow.coefficients, columns: nil, scale: byRow.scaleGradient)
            )
        }
        let byColumn = ContrastSummary(options, labels: columnLabels, others: rowLabels).summed(
            columnSums, weight: weight, scale: scale, bound: bound)
        return (
            Float(byRow.loss + byColumn.loss),
            Coefficients(
                rows: byRow.coefficients, columns: byColumn.coefficients,
                scale: byRow.scaleGradient + byColumn.scaleGradient)
        )
    }

    /// - Parameter kept: what the forward pass kept.
    /// - Returns: the gradients of both sides as given, those needed, and of the log of the scale; divided among ranks,
    ///   what this one's rows contribute, times the number of ranks.
    func backward(
        _ coefficients: Coefficients, upstream: Float, needs: (rows: Bool, columns: Bool),
        among ranks: (any ContrastRanks)?, taking kept: KeptLogits?
    ) -> (Tensor?, Tensor?, Float) {
        let part = ranks?.rows(of: n) ?? 0..<n, count = ranks?.count ?? 1
        let da = needs.rows ? Tensor(uninitialized: [n, width]) : nil,
            db = needs.columns ? Tensor(zeros: [m, width]) : nil
        if let da {  // other ranks have the other rows
            da.float32Pointer.update(repeating: 0, count: part.lowerBound * width)
            (da.float32Pointer + part.upperBound * width).update(repeating: 0, count: (n - part.upperBound) * width)
        }
        let upstream = upstream * Float(count)
        // The coefficients' own is whole on every rank.
        let own = Coefficients(
            rows: coefficients.rows, columns: coefficients.columns, scale: coefficients.scale / Double(count))
        let scaleGradient = addGradients(of: part, own, upstream: upstream, to: da, db, taking: kept)
        if let da { sides.pullBack(da, ofRows: true) }
        if let db { sides.pullBack(db, ofRows: false) }
        return (da, db, upstream * Float(scaleGradient))
    }
}
