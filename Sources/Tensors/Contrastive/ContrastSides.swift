import CKernels

/// The two sets of embeddings as their products are taken: of length 1 under the cosine similarity.
struct ContrastSides {
    let rows: Tensor, columns: Tensor
    private let rowNorms: Tensor?, columnNorms: Tensor?
    let isEuclidean: Bool
    /// Products are taken of bfloat16.
    let isBFloat16: Bool

    /// PyTorch's, in `normalize`.
    private static let epsilon: Float = 1e-12

    init(_ a: Tensor, _ b: Tensor, _ similarity: ContrastOptions.Similarity) {
        isEuclidean = similarity == .euclidean
        isBFloat16 = Precision.isBFloat16(for: a, b)
        let isOne = a.storage === b.storage && a.shape == b.shape, a = a.asFloat32, b = isOne ? a : b.asFloat32
        guard similarity == .cosine else {
            (rows, columns, rowNorms, columnNorms) = (a, b, nil, nil)
            return
        }
        let x = Self.normalized(a), y = isOne ? x : Self.normalized(b)
        (rows, rowNorms, columns, columnNorms) = (x.0, x.1, y.0, y.1)
    }

    /// Both rounded to bfloat16, the rows times `factor`: nil where products are of float32.
    func bfloat16(factor: Float) -> (rows: Tensor, columns: Tensor)? {
        isBFloat16 ? ((factor == 1 ? rows : rows * factor).cast(to: .bfloat16), columns.asBFloat16) : nil
    }

    private static func normalized(_ x: Tensor) -> (Tensor, Tensor) {
        let output = Tensor(uninitialized: x.shape), norms = Tensor(uninitialized: [x.shape[0]])
        let from = x.float32Pointer, to = output.float32Pointer, norm = norms.float32Pointer, width = x.shape[1]
        Parallel.run(x.shape[0], grain: Rows.grain(width)) { range in
            let i = range.lowerBound
            concord_l2_norm(to + i * width, norm + i, from + i * width, epsilon, range.count, width)
        }
        return (output, norms)
    }

    /// `factor |x|^2` of each row, for distances.
    static func squaredNorms(_ x: Tensor, factor: Float) -> Tensor {
        let output = Tensor(uninitialized: [x.shape[0]])
        let from = x.float32Pointer, to = output.float32Pointer, width = x.shape[1]
        Parallel.run(x.shape[0], grain: Rows.grain(width)) { range in
            concord_squared_norms(to + range.lowerBound, from + range.lowerBound * width, factor, range.count, width)
        }
        return output
    }

    /// Turns the gradient of the rows, or of the columns, into that of the embeddings as given, in place.
    func pullBack(_ gradient: Tensor, ofRows: Bool) {
        guard let norms = ofRows ? rowNorms : columnNorms else { return }
        let y = ofRows ? rows : columns
        let d = gradient.float32Pointer, from = y.float32Pointer, norm = norms.float32Pointer, width = y.shape[1]
        Parallel.run(y.shape[0], grain: Rows.grain(width)) { range in
            let i = range.lowerBound
            concord_l2_norm_pullback(
                d + i * width, d + i * width, from + i * width, norm + i, Self.epsilon, range.count, width)
        }
    }
}
