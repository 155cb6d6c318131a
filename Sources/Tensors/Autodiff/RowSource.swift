/// Computes some rows of a value again.
/// - Parameters:
///   - to: memory for the first of them.
///   - carried: the same rows of what the operation adds, if anything: may be `to` itself.
///   - streams: writes past the caches, see `Streaming`.
typealias RowStep =
    @Sendable (_ rows: Range<Int>, _ to: ElementPointer, _ carried: ElementPointer?, _ streams: Bool) -> Void

/// The rows of a `[..., C]`: in memory, or computed again a few at a time.
indirect enum RowSource: Sendable {
    case stored(Tensor)
    case computed(RowStep, adding: RowSource?)

    /// Numbers of a block of rows: well inside of a core's second cache.
    private static let area = 8192

    /// A source with a thread's memory for a block of its rows.
    struct Reader {
        fileprivate let source: RowSource
        fileprivate let memory: Storage?
        fileprivate let width: Int, isBFloat16: Bool

        private var scratch: ElementPointer {
            guard let memory else { ShapeCheck.fail("RowSource", "rows are computed where no memory was taken") }
            return ElementPointer(base: memory.base, isBFloat16: isBFloat16)
        }

        /// The first of some rows, valid until the next are asked for.
        func callAsFunction(_ rows: Range<Int>) -> ElementPointer { read(source, rows) }

        private func read(_ source: RowSource, _ rows: Range<Int>) -> ElementPointer {
            switch source {
            case .stored(let tensor): return tensor.elementPointer + rows.lowerBound * width
            case .computed(let step, let carried):
                let scratch = scratch
                step(rows, scratch, carried.map { read($0, rows) }, false)
                return scratch
            }
        }

        /// Computes rows into the caller's memory.
        func write(_ rows: Range<Int>, to: ElementPointer, streams: Bool) {
            guard case .computed(let step, let carried) = source else {
                ShapeCheck.fail("RowSource", "stored rows are there already")
            }
            step(rows, to, carried.map { read($0, rows) }, streams)
        }
    }

    /// Runs `body` over blocks of rows on this thread.
    /// - Parameters:
    ///   - multiple: of which each block but the last has a multiple of rows, counted from the first.
    ///   - type: the rows' own.
    func run(
        _ rows: Range<Int>, width: Int, multipleOf multiple: Int = 1, _ type: ElementType,
        _ body: (_ block: Range<Int>, _ rows: Reader) -> Void
    ) {
        var memory: Storage?, height = rows.count
        if case .computed = self {
            height = min(rows.count, max(multiple, Self.area / max(1, width) / multiple * multiple))
            memory = Storage(bytes: height * width * type.size)
        }
        let reader = Reader(source: self, memory: memory, width: width, isBFloat16: type == .bfloat16)
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: max(1, height)) {
            body(first..<min(rows.upperBound, first + height), reader)
        }
    }
}
