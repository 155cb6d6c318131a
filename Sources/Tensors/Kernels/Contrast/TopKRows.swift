import CKernels

/// The k largest of rows whose numbers come in parts; threads may add to different rows at once.
struct TopKRows: ~Copyable {
    private let keys: UnsafeMutablePointer<UInt64>
    private let counts: UnsafeMutablePointer<Int>
    private let thresholds: UnsafeMutablePointer<Float>
    private let k: Int, capacity: Int

    /// - Parameter k: at least 1.
    init(rows: Int, k: Int) {
        self.k = k
        capacity = 2 * k + 32
        keys = .allocate(capacity: rows * capacity)
        counts = .allocate(capacity: rows)
        thresholds = .allocate(capacity: rows)
        counts.initialize(repeating: 0, count: rows)
        thresholds.initialize(repeating: .nan, count: rows)
    }

    deinit {
        keys.deallocate()
        counts.deallocate()
        thresholds.deallocate()
    }

    /// Adds numbers of a row whose places start at `first`; places grow from call to call.
    func add(_ x: UnsafePointer<Float>, count: Int, first: Int, toRow row: Int) {
        counts[row] = concord_top_k_add(
            keys + row * capacity, counts[row], capacity, k, thresholds + row, x, count, Int32(first))
    }

    /// The k largest of a row in descending order, and their places. At least k numbers were added.
    func finish(row: Int, values: UnsafeMutablePointer<Float>, indices: UnsafeMutablePointer<Int32>) {
        concord_top_k_finish(values, indices, keys + row * capacity, counts[row], k)
    }
}
