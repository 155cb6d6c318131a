/// How float32 matrices are multiplied.
package struct MatmulChoice: Sendable, Hashable, Codable {
    /// Whose sgemm computes what no special route takes.
    package var library: Processor.MatmulLibrary
    /// Whose sgemm attention over 64 and more keys runs, of which each product is small.
    package var attention: Processor.MatmulLibrary
    /// Whether `Float32GEMM` takes products of the sizes that suit it.
    package var blocks: Bool
    /// Whether oneDNN's primitive with a packed copy of a factor takes products of the sizes that suit it.
    package var packs: Bool
    /// Whether AMX's tiles take products of the sizes that suit them.
    package var splits: Bool
    /// The route of every product that it can compute, whatever else is chosen: for tests and measurements; not
    /// written.
    package var forced: GEMM.Route?

    private enum CodingKeys: String, CodingKey {
        case library, attention
        case blocks = "own"
        case packs = "packed"
        case splits = "bf16x3"
    }

    package init(
        library: Processor.MatmulLibrary, attention: Processor.MatmulLibrary, blocks: Bool, packs: Bool, splits: Bool
    ) {
        (self.library, self.attention) = (library, attention)
        (self.blocks, self.packs, self.splits) = (blocks, packs, splits)
    }

    /// A run that was recorded before `Float32GEMM` existed goes on without it.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        library = try values.decode(Processor.MatmulLibrary.self, forKey: .library)
        attention = try values.decode(Processor.MatmulLibrary.self, forKey: .attention)
        blocks = try values.decodeIfPresent(Bool.self, forKey: .blocks) ?? false
        packs = try values.decode(Bool.self, forKey: .packs)
        splits = try values.decode(Bool.self, forKey: .splits)
    }

    /// Where nothing was measured. oneDNN multiplies matrices as small as attention's a fifth to a third faster than
    /// OpenBLAS, where its kernels have the processor's width.
    package static let standard = MatmulChoice(
        library: Processor.matmulLibrary, attention: Processor.hasAVX512 ? .oneDNN : Processor.matmulLibrary,
        blocks: Float32GEMM.isAvailable && !Processor.isIntel, packs: Processor.matmulLibrary == .oneDNN,
        splits: BFloat16x3GEMM.isAvailable)

    /// The one that operations on this thread use.
    package static var current: MatmulChoice { Context.matmul ?? KernelScope.ofProcess.matmul }
}
