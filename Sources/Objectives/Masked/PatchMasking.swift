import ConcordLayers
public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Which patches of an image are masked: so many squares of the grid, at random.
///
/// A function of each image's key alone: an image has the same mask in one epoch whatever batch it is in, and another
/// in the next. The number of masked squares, `fraction` of them rounded up, is the same for all images.
/// - Source: He et al. 2021, arXiv:2111.06377, section 3 (single patches); Xie et al. 2021, arXiv:2111.09886, section
///   3.2 (squares of 32 pixels); Bao et al. 2021, arXiv:2106.08254, algorithm 1 (rectangles).
public struct PatchMasking: Sendable, Hashable {
    /// The fraction of the squares that is masked, in `0 ... 1`.
    public let fraction: Double
    /// Side of a square, in patches.
    public let block: Int
    /// Which squares are masked together.
    public let form: Form

    /// Which squares are masked together.
    public enum Form: String, Sendable, CaseIterable {
        /// Each by itself, anywhere.
        case squares
        /// Rectangles of at least 4 squares, with sides in a ratio of 0.3 to 3.3 (BEiT's block-wise masking); single
        /// squares, anywhere, for the rest that no rectangle fits. Deviation: BEiT leaves the rest out.
        case rectangles
    }

    /// - Parameters:
    ///   - fraction: of the squares that is masked, in `0 ... 1`; one at least is masked, and one at least is not.
    ///   - block: side of a square in patches.
    ///   - form: which squares are masked together.
    public init(fraction: Double, block: Int = 1, form: Form = .squares) {
        ShapeCheck.require(
            fraction >= 0 && fraction <= 1 && block > 0, "PatchMasking", "fraction \(fraction), squares of \(block)")
        (self.fraction, self.block) = (fraction, block)
        self.form = form
    }

    /// The masked patches of images `[N, H, W, C]`, by their samples' keys.
    func masked(_ images: Tensor, patch: Int) -> MaskedPatches {
        self(
            rows: images.shape[1] / patch, columns: images.shape[2] / patch,
            keys: Computation.sampleKeys(count: images.shape[0]))
    }

    /// The masked patches of images with a grid of `rows` x `columns` patches.
    /// - Parameter keys: one an image.
    /// - Precondition: both sides of the grid are multiples of `block`, and it has two squares at least.
    public func callAsFunction(rows: Int, columns: Int, keys: [RandomKey]) -> MaskedPatches {
        let cells = rows / block * (columns / block)
        ShapeCheck.require(
            rows % block == 0 && columns % block == 0 && cells > 1, "PatchMasking",
            "a grid of \(rows) x \(columns) patches in squares of \(block)")
        let count = min(cells - 1, max(1, Int((fraction * Double(cells) - 1e-9).rounded(.up))))
        let masked = keys.map { key in
            var random = key.derived("patches").sequence, isMasked = [Bool](repeating: false, count: cells)
            if form == .rectangles { mask(&isMasked, columns: columns / block, count: count, using: &random) }
            var order = (0..<cells).filter { !isMasked[$0] }
            let left = count - (cells - order.count)
            for place in 0..<left { order.swapAt(place, place + random.integer(below: order.count - place)) }
            for cell in order[..<left] { isMasked[cell] = true }
            return (0..<rows * columns).filter { patch in
                isMasked[patch / columns / block * (columns / block) + patch % columns / block]
            }
        }
        return MaskedPatches(masked, of: rows * columns)
    }

    /// Masks rectangles as long as one of ten tries adds some squares, and no more than `count` are masked.
    private func mask(_ isMasked: inout [Bool], columns: Int, count: Int, using random: inout RandomSequence) {
        let rows = isMasked.count / columns
        var left = count
        search: while left > 0 {
            for _ in 0..<10 {
                let area = random.uniform(in: 0...1) * Float(left - 4) + 4
                let aspect = exp(random.uniform(in: log(0.3)...log(1 / 0.3)))
                let height = Int((area * aspect).squareRoot().rounded())
                let width = Int((area / aspect).squareRoot().rounded())
                guard height < rows, width < columns else { continue }
                let top = random.integer(below: rows - height + 1), first = random.integer(below: columns - width + 1)
                let cells = (top..<top + height).flatMap { row in (first..<first + width).map { row * columns + $0 } }
                let more = cells.filter { !isMasked[$0] }
                guard !more.isEmpty, more.count <= left else { continue }
                for cell in more { isMasked[cell] = true }
                left -= more.count
                continue search
            }
            return
        }
    }
}

/// The masked patches of some images, as many of each.
public struct MaskedPatches: Sendable {
    /// Number L of an image's patches.
    public let count: Int
    /// int32 `[N M]`: the masked patches, indices into the N x L patches.
    public let masked: Tensor
    /// int32 `[N (L - M)]`: the others.
    public let visible: Tensor
    /// int32 `[N L]`: each patch's place among the visible ones of all images; a masked one has that behind them all.
    public let restored: Tensor
    /// int32 `[N L]`: each patch's own index; a masked one has N L.
    public let replaced: Tensor

    /// - Parameters:
    ///   - masked: of each image, ascending places in `0 ..< count`; as many of each image.
    ///   - count: number L of an image's patches.
    public init(_ masked: [[Int]], of count: Int) {
        let each = masked.first?.count ?? 0
        ShapeCheck.require(
            masked.allSatisfy { $0.count == each && $0.allSatisfy { (0..<count).contains($0) } }, "MaskedPatches",
            "masked patches must be as many of each image, below \(count)")
        let all = masked.count * count, visibleCount = masked.count * (count - each)
        var hidden: [Int32] = [], visible: [Int32] = [], restored: [Int32] = [], replaced: [Int32] = []
        for (image, places) in masked.enumerated() {
            let places = Set(places)
            for patch in 0..<count {
                let index = Int32(image * count + patch)
                guard places.contains(patch) else {
                    restored.append(Int32(visible.count))
                    replaced.append(index)
                    visible.append(index)
                    continue
                }
                restored.append(Int32(visibleCount))
                replaced.append(Int32(all))
                hidden.append(index)
            }
        }
        self.count = count
        self.masked = Tensor(hidden, shape: [hidden.count])
        self.visible = Tensor(visible, shape: [visible.count])
        self.restored = Tensor(restored, shape: [all])
        self.replaced = Tensor(replaced, shape: [all])
    }

    /// The pixels of the masked patches, `[N M, P P C]`, in the order row, column, channel.
    /// - Parameters:
    ///   - images: `[N, H, W, C]`.
    ///   - isNormalized: whether each patch has mean 0 and variance 1.
    func targets(_ images: Tensor, patch: Int, isNormalized: Bool) -> Tensor {
        let patches = images.patches(patch)
        let pixels = patches.reshaped([-1, patches.shape[2]]).gathered(at: masked)
        return isNormalized ? pixels.standardizedPatches : pixels
    }

    /// Tokens `[N, L, C]` or `[N, V, C]` with one vector in the place of the masked ones.
    /// - Parameters:
    ///   - token: C values.
    ///   - indices: `restored` or `replaced`.
    func filled(_ tokens: Tensor, with token: Tensor, at indices: Tensor) -> Tensor {
        let (images, size) = (tokens.shape[0], tokens.shape[2])
        return Tensor.concatenated([tokens.reshaped([-1, size]), token.reshaped([1, size])], axis: 0)
            .gathered(at: indices).reshaped([images, count, size])
    }
}

extension Tensor {
    /// Pixels of patches `[…, F]`, each patch with mean 0 and variance 1: `(x - mean) / sqrt(variance + 1e-6)`, with the
    /// unbiased variance, as MAE's.
    var standardizedPatches: Tensor {
        let variance = variance(axes: [-1], keepingAxes: true, unbiased: true)
        return (self - mean(axes: [-1], keepingAxes: true)) / (variance + 1e-6).sqrt()
    }
}
