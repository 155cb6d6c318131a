/// Convolutions that have one fastest method, as far as measurements go: of one pass, element type and kind, and with
/// about as many channels and positions.
package struct ConvolutionClass: Hashable, Sendable, Codable {
    /// Kernels and strides that networks are made of.
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case pointwise = "1x1"
        case threeByThree = "3x3"
        case stridedThreeByThree = "3x3, stride 2"
        case sequence = "1-D"
        case stridedSequence = "1-D, strided"
    }

    package let kind: Kind
    package let pass: ConvolutionPass
    package let isBFloat16: Bool
    /// The power of two up to the fewer of channels and filters, 256 at most.
    package let channels: Int
    /// The power of four from the positions of an output map on, 4096 at most.
    package let positions: Int

    private enum CodingKeys: String, CodingKey {
        case kind, pass, channels, positions
        case isBFloat16 = "bfloat16"
    }

    /// Nil for what is not measured: other kernels, groups, dilation, few channels, small batches, and inference with
    /// an epilogue.
    init?(_ problem: ConvolutionProblem) {
        let g = problem.geometry, least = min(g.channels, g.filters)
        guard problem.epilogue == nil, g.groups == 1, g.dilation == .init(1, 1), g.batch >= 8, least >= 16,
            let kind = Self.kind(g)
        else { return nil }
        (self.kind, pass, isBFloat16) = (kind, problem.pass, problem.isBFloat16)
        var channels = 16, positions = 4
        while channels < 256, 2 * channels <= least { channels *= 2 }
        while positions < 4096, positions < g.outHeight * g.outWidth { positions *= 4 }
        (self.channels, self.positions) = (channels, positions)
    }

    private static func kind(_ g: ConvolutionGeometry) -> Kind? {
        if g.isPointwise { return .pointwise }
        if g.isStridedPointwise { return nil }
        if g.height == 1, g.kernel.height == 1, g.padding.height == 0 {
            return g.stride.width == 1 ? .sequence : .stridedSequence
        }
        guard g.kernel == .init(3, 3), g.padding == .init(1, 1) else { return nil }
        return g.stride == .init(1, 1) ? .threeByThree : g.stride == .init(2, 2) ? .stridedThreeByThree : nil
    }
}
