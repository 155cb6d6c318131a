/// Which of several kernels for one computation is the fastest here.
///
/// Every method of a convolution and every route of a matrix product says for itself which problems it can solve, and
/// where it was the faster one on the processors that it was written on. A table, made by measurement (`KernelTuning`),
/// replaces the second: a choice that cannot solve a problem is passed over.
///
/// ```swift
/// let x = Tensor(ones: [8, 64]), w = Tensor(ones: [64, 64])
/// print(withKernels(.standard) { x.matmul(w) })                  // by the kernels that are compiled in
/// ```
public struct KernelTable: Sendable, Hashable {
    /// What it was measured on; nil where nothing was.
    package var machine: KernelMachine?
    /// Threads that it was measured with.
    package var threads: Int?
    /// How float32 matrices are multiplied; nil: as the processor's maker and OpenBLAS's kernels suggest.
    package var matmul: MatmulChoice?
    /// Where other methods were faster than the standard ones.
    package var convolutions: [ConvolutionRule] {
        get { rules }
        set {
            rules = newValue
            methods = Dictionary(newValue.map { ($0.problems, $0.method) }) { first, _ in first }
        }
    }
    private var rules: [ConvolutionRule] = []
    /// Of `rules`, by what they hold for.
    private var methods: [ConvolutionClass: String] = [:]
    /// How many times as fast a training step in bfloat16 is as one in float32; nil where it was not measured.
    package var bfloat16Gain: Double?
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
    package static func forcing(_ route: GEMM.Route) -> KernelTable { standard.forcing(route) }

    /// This table, but for one route of every float32 matrix product that it can compute.
    package func forcing(_ route: GEMM.Route) -> KernelTable {
        var table = self
        table.matmul = matmul ?? .standard
        table.matmul?.forced = route
        return table
    }

    /// The name of the method for a problem, whether it can solve it or not; nil: the first that is faster by its own
    /// account.
    func convolution(_ problem: ConvolutionProblem) -> String? {
        if forcedConvolution != nil || methods.isEmpty { return forcedConvolution }
        return ConvolutionClass(problem).flatMap { methods[$0] }
    }
}

/// A method that is faster than the standard one on a class of convolutions.
package struct ConvolutionRule: Hashable, Sendable, Codable {
    package let problems: ConvolutionClass
    /// By its name.
    package let method: String
    /// The standard method's time over this one's.
    package let gain: Double

    package init(problems: ConvolutionClass, method: String, gain: Double) {
        (self.problems, self.method, self.gain) = (problems, method, gain)
    }
}
