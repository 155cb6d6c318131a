/// How float32 matrices are multiplied.
package struct MatmulChoice: Sendable, Hashable {
    /// Whose sgemm computes what no special route takes.
    package var library: Processor.MatmulLibrary
    /// Whether oneDNN's primitive with a packed copy of a factor takes products of the sizes that suit it.
    package var packs: Bool
    /// Whether AMX's tiles take products of the sizes that suit them.
    package var splits: Bool
    /// The route of every product that it can compute, whatever else is chosen: for tests and measurements.
    package var forced: GEMM.Route?

    package init(library: Processor.MatmulLibrary, packs: Bool, splits: Bool) {
        (self.library, self.packs, self.splits) = (library, packs, splits)
    }

    /// Where nothing was measured.
    package static let standard = MatmulChoice(
        library: Processor.matmulLibrary, packs: Processor.matmulLibrary == .oneDNN, splits: BFloat16x3GEMM.isAvailable)
}
