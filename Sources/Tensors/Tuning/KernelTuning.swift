/// Measures which kernels are the fastest on this machine, with the threads that this process computes with.
///
/// Ways that compute one thing run alternately, a few rounds; one that is not at least 5 % faster than the standard
/// one, both in its shortest time and by the median over the rounds, does not replace it.
package struct KernelTuning {
    /// Of every comparison.
    let rounds: Int
    /// Whether only a few small problems are measured, to try the measuring itself.
    let isQuick: Bool

    /// - Parameter isQuick: whether only a few small problems are measured, to try the measuring itself.
    package init(isQuick: Bool = false) {
        self.isQuick = isQuick
        rounds = isQuick ? 1 : 7
    }

    /// How many comparisons are reported at most.
    package var count: Int { 7 + 3 * geometries.count * (Processor.hasBFloat16 ? 2 : 1) }

    /// Measures everything.
    /// - Parameter report: is called with every comparison, as it is made.
    package func table(report: (KernelComparison) -> Void) -> KernelTable {
        var table = KernelTable.standard
        table.machine = .current
        table.threads = Threads.count
        table.matmul = matmulChoice(report)
        withKernels(table) { table.convolutions = convolutionRules(report) }
        if Processor.hasBFloat16 { withKernels(table) { table.bfloat16Gain = bfloat16Gain(report) } }
        return table
    }

    /// A gain as it is kept: more digits are noise.
    static func rounded(_ gain: Double) -> Double { (gain * 1000).rounded() / 1000 }

    /// Values in -1 to 1: clocks and powers depend on them.
    static func values(_ shape: [Int], isBFloat16: Bool = false) -> Tensor {
        let x = Tensor(uniform: -1...1, shape: shape, key: RandomKey(seed: 0).derived("tuning"))
        return isBFloat16 ? x.converted(to: .bfloat16) : x
    }
}
