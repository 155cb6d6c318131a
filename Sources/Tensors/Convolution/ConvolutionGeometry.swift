/// A convolution's sizes: everything but the element type and the elements.
struct ConvolutionGeometry: Hashable, Sendable {
    var batch, height, width, channels: Int
    var filters, groups: Int
    var kernel, stride, padding, dilation: Extent

    /// Rows and columns of something two-dimensional.
    struct Extent: Hashable, Sendable {
        var height, width: Int

        init(_ height: Int, _ width: Int) { (self.height, self.width) = (height, width) }
        init(_ pair: (Int, Int)) { (height, width) = pair }
    }

    /// - Parameters:
    ///   - input: `[N, H, W, C]`; weight: `[filters, C / groups, kH, kW]`; bias: `[filters]`.
    init(
        input: [Int], weight: [Int], bias: [Int]?, stride: Extent, padding: Extent, dilation: Extent, groups: Int,
        in operation: String
    ) {
        (batch, height, width, channels) = (input[0], input[1], input[2], input[3])
        (filters, kernel) = (weight[0], Extent(weight[2], weight[3]))
        (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
        ShapeCheck.require(
            groups > 0 && channels == weight[1] * groups && filters % max(1, groups) == 0, operation,
            """
            \(channels) channels with weights \(weight) in \(groups) groups: the weights are [filters, channels / \
            groups, …]
            """
        )
        ShapeCheck.require(bias == nil || bias == [filters], operation, "bias \(bias ?? []) for \(filters) filters")
        let least = [
            stride.height, stride.width, dilation.height, dilation.width, kernel.height, kernel.width, filters,
            channels,
        ].min()
        ShapeCheck.require(
            least ?? 0 > 0 && padding.height >= 0 && padding.width >= 0, operation,
            "stride \(stride), dilation \(dilation), padding \(padding), weights \(weight): a size is too small")
        ShapeCheck.require(
            outHeight > 0 && outWidth > 0, operation,
            "input \(input) with padding \(padding) is smaller than the kernel of \(weight)")
    }

    var outHeight: Int { Self.size(height, kernel.height, stride.height, padding.height, dilation.height) }
    var outWidth: Int { Self.size(width, kernel.width, stride.width, padding.width, dilation.width) }
    /// Multiply-adds of each of the three passes of a direct convolution, padding included.
    var multiplyAdds: Int { batch * outHeight * outWidth * weightCount }
    var weightCount: Int { filters * (channels / groups) * kernel.height * kernel.width }

    private static func size(_ input: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int) -> Int {
        let room = input + 2 * padding - dilation * (kernel - 1) - 1
        return room < 0 ? 0 : room / stride + 1
    }
}

extension ConvolutionGeometry {
    /// The kernel's first and last taps are farther apart than the input is wide or high.
    var isSmallerThanKernel: Bool {
        height < (kernel.height - 1) * dilation.height + 1 || width < (kernel.width - 1) * dilation.width + 1
    }
}
