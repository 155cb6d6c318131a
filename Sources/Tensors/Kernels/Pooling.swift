import CKernels

/// A pooling over images `[N, H, W, C]`: its windows along both axes, and its passes.
struct Pooling: Sendable {
    let batch, channels: Int
    let rows, columns: PoolingWindows

    init(batch: Int, channels: Int, rows: PoolingWindows, columns: PoolingWindows) {
        (self.batch, self.channels, self.rows, self.columns) = (batch, channels, rows, columns)
    }

    /// Windows that slide over images `[N, H, W, C]`.
    init(
        _ x: Tensor, _ kernel: (Int, Int), _ stride: (Int, Int), _ padding: (Int, Int), countsPadding: Bool,
        in operation: String
    ) {
        ShapeCheck.rank(x, 4, "[N, H, W, C]", in: operation)
        self.init(
            batch: x.shape[0], channels: x.shape[3],
            rows: PoolingWindows(
                inputs: x.shape[1], kernel: kernel.0, stride: stride.0, padding: padding.0,
                countsPadding: countsPadding, in: operation),
            columns: PoolingWindows(
                inputs: x.shape[2], kernel: kernel.1, stride: stride.1, padding: padding.1,
                countsPadding: countsPadding, in: operation))
    }

    /// Windows that slide over sequences `[N, T, C]`.
    init(_ x: Tensor, _ kernel: Int, _ stride: Int, _ padding: Int, countsPadding: Bool, in operation: String) {
        ShapeCheck.rank(x, 3, "[N, T, C]", in: operation)
        self.init(
            batch: x.shape[0], channels: x.shape[2], rows: PoolingWindows(inputs: 1, outputs: 1, in: operation),
            columns: PoolingWindows(
                inputs: x.shape[1], kernel: kernel, stride: stride, padding: padding, countsPadding: countsPadding,
                in: operation))
    }

    func maximum(_ x: Tensor, shape: [Int], keepingPlaces: Bool) -> (output: Tensor, places: Tensor?) {
        let output = Tensor(uninitialized: shape, x.elementType),
            places = keepingPlaces ? Tensor(uninitialized: shape, .int32) : nil
        let at = places?.int32Pointer
        forEachRow(of: output, rows.outputs, columns.outputs, from: x, size: imageSize) {
            to, from, row, offset, _, axes in
            concord_max_pool_row(to, at.map { $0 + offset }, from, axes.0, axes.1, row, channels)
        }
        return (output, places)
    }

    func maximumGradient(_ upstream: Tensor, places: Tensor, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape, upstream.elementType)
        let at = places.int32Pointer
        forEachRow(of: gradient, rows.inputs, columns.inputs, from: upstream, size: outputSize) {
            to, from, row, _, image, axes in
            concord_max_pool_gradient_row(to, from, at + image * outputSize, axes.0, axes.1, row, channels)
        }
        return gradient
    }

    func average(_ x: Tensor, shape: [Int]) -> Tensor {
        averaged(x, size: imageSize, shape: shape, rows.outputs, columns.outputs, by: concord_average_pool_row)
    }

    func averageGradient(_ upstream: Tensor, shape: [Int]) -> Tensor {
        averaged(
            upstream, size: outputSize, shape: shape, rows.inputs, columns.inputs, by: concord_average_pool_gradient_row
        )
    }

    private typealias AveragingKernel =
        @convention(c) (
            UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<concord_pooling_axis>?,
            UnsafePointer<concord_pooling_axis>?,
            Int, Int
        ) -> Void

    /// - Parameter size: elements of an image of `x`.
    private func averaged(
        _ x: Tensor, size: Int, shape: [Int], _ height: Int, _ width: Int, by kernel: AveragingKernel
    ) -> Tensor {
        let output = Tensor(uninitialized: shape, x.elementType)
        forEachRow(of: output, height, width, from: x, size: size) { to, from, row, _, _, axes in
            kernel(to, from, axes.0, axes.1, row, channels)
        }
        return output
    }

    private var imageSize: Int { rows.inputs * columns.inputs * channels }
    private var outputSize: Int { rows.outputs * columns.outputs * channels }

    private typealias Axes = (UnsafePointer<concord_pooling_axis>, UnsafePointer<concord_pooling_axis>)

    private typealias Row = (
        _ to: UnsafeMutablePointer<Float>, _ from: UnsafePointer<Float>, _ row: Int, _ offset: Int, _ image: Int,
        _ axes: Axes
    ) -> Void

    /// - Parameters:
    ///   - size: elements of an image of `source`, of the element type of `target`.
    ///   - body: gets memory for the row, the image that it is made of, the row in its image, the row's first
    ///     element, the image's number and both axes.
    private func forEachRow(of target: Tensor, _ height: Int, _ width: Int, from source: Tensor, size: Int, _ body: Row)
    {
        guard channels > 0 else { return }
        let work = max(imageSize, outputSize) / max(1, height)  // elements touched for a row
        let line = width * channels, (to, from) = (target.elementPointer, source.elementPointer)
        withUnsafePointer(to: rows.axis) { rows in
            withUnsafePointer(to: columns.axis) { columns in
                Parallel.run(batch * height, grain: max(1, Elementwise.grain / max(1, work))) { range in
                    // An image in bfloat16 is widened once for all its rows.
                    let memory = from.isBFloat16 ? Storage(bytes: (size + line) * MemoryLayout<Float>.stride) : nil
                    var held: Int?
                    for row in range {
                        let image = row / height, offset = row * line
                        guard let staged = memory?.float32Pointer else {
                            body(
                                to.float32 + offset, from.float32 + image * size, row % height, offset, image,
                                (rows, columns))
                            continue
                        }
                        if held != image { concord_bfloat16_to_float32(staged, from.bfloat16 + image * size, size) }
                        held = image
                        body(staged + size, staged, row % height, offset, image, (rows, columns))
                        concord_float32_to_bfloat16(to.bfloat16 + offset, staged + size, line)
                    }
                    withExtendedLifetime(memory) {}
                }
            }
        }
    }
}

extension PoolingWindows {
    /// Valid as long as this value is.
    fileprivate var axis: concord_pooling_axis {
        let (b, s) = (bounds.int32Pointer, weights.float32Pointer)
        return concord_pooling_axis(
            inputs: inputs, outputs: outputs, start: b, end: b + outputs, first: b + 2 * outputs,
            last: b + 2 * outputs + inputs, weight: s)
    }
}
