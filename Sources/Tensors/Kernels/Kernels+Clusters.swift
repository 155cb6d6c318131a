import CKernels

/// Distances to centers, on the calling thread.
extension Kernels {
    /// The nearest of `count` centers of each row, and its squared distance. See `concord_nearest_centers`.
    static func nearestCenters(
        _ labels: UnsafeMutablePointer<Int32>, _ least: UnsafeMutablePointer<Float>, products: UnsafePointer<Float>,
        squares: UnsafePointer<Float>, centerSquares: UnsafePointer<Float>, rows: Int, count: Int
    ) {
        concord_nearest_centers(labels, least, products, squares, centerSquares, rows, count)
    }

    /// Products become what the least distances would be with each of `count` centers more, whose sums are added to
    /// `totals`.
    static func leastDistances(
        _ products: UnsafeMutablePointer<Float>, least: UnsafePointer<Float>, squares: UnsafePointer<Float>,
        centerSquares: UnsafePointer<Float>, totals: Doubles, rows: Int, count: Int
    ) {
        concord_least_distances(products, least, squares, centerSquares, totals, rows, count)
    }

    /// Adds rows to the sums of their clusters, and counts them.
    static func addToGroups(
        _ sums: Doubles, _ counts: UnsafeMutablePointer<Int64>, _ x: UnsafePointer<Float>,
        labels: UnsafePointer<Int32>, rows: Int, width: Int
    ) {
        concord_add_to_groups(sums, counts, x, labels, rows, width)
    }

    /// The sum of squared distances of rows from the centers of their clusters.
    static func groupDistances(
        _ x: UnsafePointer<Float>, centers: UnsafePointer<Float>, labels: UnsafePointer<Int32>, rows: Int, width: Int
    ) -> Double {
        concord_group_distances(x, centers, labels, rows, width)
    }
}
