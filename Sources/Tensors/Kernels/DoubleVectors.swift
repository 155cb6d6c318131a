import CKernels

/// Vectors in double precision, for solvers that run on one thread between products of matrices.
package enum DoubleVectors {
    /// The inner product.
    package static func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
        concord_double_dot(a, b, count)
    }

    /// `to += factor a`.
    package static func add(
        _ a: UnsafePointer<Double>, times factor: Double = 1, to: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        concord_double_add_scaled(to, a, factor, count)
    }

    /// `to *= factor`.
    package static func scale(_ to: UnsafeMutablePointer<Double>, by factor: Double, _ count: Int) {
        concord_double_scale(to, factor, count)
    }

    /// `to = a + factor b`, where `to` may be either of them.
    package static func sum(
        _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, times factor: Double = 1,
        into to: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        concord_double_sum(to, a, b, factor, count)
    }

    /// The largest magnitude; NaN where an element is one, 0 of none.
    package static func largestMagnitude(_ a: UnsafePointer<Double>, _ count: Int) -> Double {
        concord_double_largest(a, count)
    }

    /// The inner product.
    package static func dot(floats a: UnsafePointer<Float>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
        concord_double_dot_floats(a, b, count)
    }

    /// `to += factor a`.
    package static func add(
        floats a: UnsafePointer<Float>, times factor: Double = 1, to: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        concord_double_add_floats(to, a, factor, count)
    }

    /// Rounds to float32.
    package static func round(_ a: UnsafePointer<Double>, to: UnsafeMutablePointer<Float>, _ count: Int) {
        concord_doubles_to_floats(to, a, count)
    }
}
