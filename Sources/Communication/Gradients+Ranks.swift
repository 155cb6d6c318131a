package import ConcordTensors

extension Gradients {
    /// The sums over ranks of what each of them found, in float32.
    ///
    /// Dense gradients travel in buckets, each under way while the next is filled; those of a table's rows as rows. A
    /// parameter that one rank has a gradient for and another has none is summed with zeros; one that no rank has a
    /// gradient for has none.
    /// - Parameters:
    ///   - parameters: all that may have a gradient, with their shapes, in the same order on all ranks.
    ///   - bucket: bytes of a message; a larger gradient has one of its own.
    package func summed(
        over ranks: Communicator, _ parameters: [(key: any AnyObject & Sendable, shape: [Int])],
        bucket: Int = 16 << 20
    ) -> Gradients {
        guard !ranks.isAlone else { return self }
        let own = parameters.map { cotangent(of: $0.key) }
        let kinds = ranks.largest(own.map { Double(Kind($0).rawValue) })
        var result = Gradients(), pending: [PendingBucket] = []
        var filling = PendingBucket()
        func send() {
            filling.start(ranks)
            pending.append(filling)
            for earlier in pending { earlier.progress() }
            filling = PendingBucket()
        }
        var sums = [Cotangent?](repeating: nil, count: parameters.count)
        for place in parameters.indices.reversed() where kinds[place] == Double(Kind.dense.rawValue) {
            let (gradient, shape) = (own[place]?.dense, parameters[place].shape)
            filling.add(gradient ?? Tensor(zeros: shape), at: place)
            if filling.bytes >= bucket { send() }
        }
        if filling.bytes > 0 { send() }
        for place in parameters.indices where kinds[place] == Double(Kind.rows.rawValue) {
            sums[place] = .rows(Self.gather(own[place], shape: parameters[place].shape, ranks))
        }
        for bucket in pending {
            for (place, sum) in bucket.wait() { sums[place] = .dense(sum) }
        }
        for (place, sum) in sums.enumerated() {
            if let sum { result.insert(sum, for: parameters[place].key) }
        }
        return result
    }

    private enum Kind: Int {
        case none, rows, dense

        init(_ cotangent: Cotangent?) {
            switch cotangent {
            case nil: self = .none
            case .rows: self = .rows
            case .dense: self = .dense
            }
        }
    }

    /// The rows that ranks have gradients for, each rank's behind those of the one before.
    private static func gather(_ own: Cotangent?, shape: [Int], _ ranks: Communicator) -> RowGradient {
        var contribution = (indices: Tensor([Int32](), shape: [0]), rows: Tensor(zeros: [0, shape[1]]))
        if case .rows(let rows) = own { contribution = rows.coalesced.contributions[0] }
        let counts = ranks.gather(contribution.indices.count)
        return RowGradient(
            shape: shape,
            contributions: [
                (
                    ranks.gather(contribution.indices, rows: counts), ranks.gather(contribution.rows, rows: counts)
                )
            ])
    }
}

/// Gradients that travel in one message.
private final class PendingBucket {
    private var gradients: [(place: Int, tensor: Tensor)] = []
    private var sum: PendingTensor?
    private(set) var bytes = 0

    func add(_ gradient: Tensor, at place: Int) {
        gradients.append((place, gradient))
        bytes += gradient.count * MemoryLayout<Float>.size
    }

    func start(_ ranks: Communicator) {
        let whole =
            gradients.count == 1
            ? gradients[0].tensor : Tensor.concatenated(gradients.map { $0.tensor.reshaped([-1]) }, axis: 0)
        sum = ranks.startSum(whole)
    }

    func progress() { sum?.progress() }

    /// The sums, waiting for them.
    func wait() -> [(place: Int, sum: Tensor)] {
        guard let whole = sum?.wait() else { return [] }
        if gradients.count == 1 { return [(gradients[0].place, whole)] }
        var at = 0
        return gradients.map { place, tensor in
            defer { at += tensor.count }
            return (place, whole.sliced(at..<at + tensor.count, axis: 0).reshaped(tensor.shape))
        }
    }
}
