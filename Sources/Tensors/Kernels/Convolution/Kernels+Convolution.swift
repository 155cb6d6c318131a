import CKernels

/// Parts of convolution methods, on this thread.
extension Kernels {
    // MARK: Layouts

    /// `to[i] = from[i * stride]`.
    @inline(__always)
    static func gatherStrided(
        _ to: UnsafeMutablePointer<Float>, from: UnsafePointer<Float>, stride: Int, count: Int
    ) {
        concord_gather_strided(to, from, stride, count)
    }

    /// `to[i * stride] = from[i]`.
    @inline(__always)
    static func scatterStrided(
        _ to: UnsafeMutablePointer<Float>, stride: Int, from: UnsafePointer<Float>, count: Int
    ) {
        concord_scatter_strided(to, from, stride, count)
    }

    /// Positions of one sample from `[positions, channels]` to `[channels / 16, span, 16]`.
    /// - Parameters:
    ///   - to: the first of them in the first block.
    ///   - span: positions between the starts of blocks.
    static func blockChannels(
        _ to: UnsafeMutablePointer<Float>, from: UnsafePointer<Float>, positions: Int, channels: Int, span: Int
    ) {
        concord_block_channels(to, from, positions, channels, span)
    }

    /// The inverse of `blockChannels`.
    /// - Parameter streams: writes past the caches, see `Streaming`.
    static func unblockChannels(
        _ to: UnsafeMutablePointer<Float>, from: UnsafePointer<Float>, positions: Int, channels: Int, span: Int,
        streams: Bool
    ) {
        concord_unblock_channels(to, from, positions, channels, span, streams)
    }

    // MARK: im2col

    /// An image of `height` x `width` positions of `bytes` bytes each, and the windows over it.
    struct Windows {
        fileprivate let form: concord_windows
        /// Of the image, and of one window.
        let imageBytes: Int, windowBytes: Int

        /// - Parameter padding: may be negative.
        init(
            height: Int, width: Int, bytes: Int, kernel: ConvolutionGeometry.Extent,
            stride: ConvolutionGeometry.Extent, padding: ConvolutionGeometry.Extent
        ) {
            form = concord_windows(
                height: height, width: width, bytes: bytes, kernel_height: kernel.height, kernel_width: kernel.width,
                stride_height: stride.height, stride_width: stride.width, padding_height: padding.height,
                padding_width: padding.width)
            imageBytes = height * width * bytes
            windowBytes = kernel.height * kernel.width * bytes
        }
    }

    /// The windows of one row of outputs, `count` of them, each as kernel height x kernel width positions.
    static func im2colRow(
        _ to: UnsafeMutableRawPointer, _ image: UnsafeRawPointer, _ windows: Windows, row: Int, count: Int
    ) {
        concord_im2col_row(to, image, windows.form, row, count)
    }

    // MARK: Gradients

    /// Adds, over windows of `width` contiguous numbers `step` apart, the sum of `x[i * step + k] * upstream[i, f]` to
    /// `weight[k, f]`, and that of `upstream[i, f]` to `bias[f]`.
    static func addWindowGradients(
        weight: UnsafeMutablePointer<Float>, bias: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>,
        _ upstream: UnsafePointer<Float>, windows: Int, step: Int, width: Int, filters: Int
    ) {
        concord_window_gradient(weight, bias, x, upstream, windows, step, width, filters)
    }
}
