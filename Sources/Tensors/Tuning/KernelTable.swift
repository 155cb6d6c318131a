/// Which of several kernels for one computation is the fastest here.
///
/// Every method of a convolution and every route of a matrix product says for itself which problems it can solve, and
/// where it was the faster one on the processors that it was written on. A table replaces the second: a choice that
/// cannot solve a problem is passed over.
public struct KernelTable: Sendable, Hashable {
    /// How float32 matrices are multiplied; nil: as the processor's maker and OpenBLAS's kernels suggest.
    package var matmul: MatmulChoice?
    /// The method of every pass of a convolution that it can solve, by its name, whatever else is in the table: for
    /// tests and measurements.
    package var forcedConvolution: String?

    /// The choices that are compiled in: nothing was measured.
    public static let standard = KernelTable()

    package init() {}

    /// The standard table, but for one method that computes every pass of a convolution that it can.
    /// - Parameter method: one of `ConvolutionPlan.methods`.
    package static func forcing(convolution method: String) -> KernelTable {
        var table = standard
        table.forcedConvolution = method
        return table
    }

    /// The standard table, but for one route of every float32 matrix product that it can compute.
    package static func forcing(_ route: GEMM.Route) -> KernelTable {
        var table = standard
        table.matmul = .standard
        table.matmul?.forced = route
        return table
    }

    /// The name of the method for a problem, whether it can solve it or not; nil: the first that is faster by its own
    /// account.
    func convolution(_ problem: ConvolutionProblem) -> String? { forcedConvolution }
}
