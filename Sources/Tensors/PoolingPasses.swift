import CKernels

/// A pooling over pictures `[N, H, W, C]`: its windows along both axes, and its passes.
struct Pooling: Sendable {
    let batch, channels: Int
    let rows, columns: PoolingWindows

    init(batch: Int, channels: Int, rows: PoolingWindows, columns: PoolingWindows) {
        (self.batch, self.channels, self.rows, self.columns) = (batch, channels, rows, columns)
    }

    /// Windows that slide over pictures `[N, H, W, C]`.
    init(
        _ x: Tensor, _ kernel: (Int, Int), _ stride: (Int, Int), _ padding: (Int, Int), countsPadding: Bool, in operation: String
    ) {
        ShapeCheck.rank(x, 4, "[N, H, W, C]", in: operation)
        self.init(
            batch: x.shape[0], channels: x.shape[3],
            rows: PoolingWindows(
                inputs: x.shape[1], kernel: kernel.0, stride: stride.0, padding: padding.0, countsPadding: countsPadding, in: operation),
            columns: PoolingWindows(
                inputs: x.shape[2], kernel: kernel.1, stride: stride.1, padding: padding.1, countsPadding: countsPadding, in: operation))
    }

    /// Windows that slide over sequences `[N, T, C]`.
    init(_ x: Tensor, _ kernel: Int, _ stride: Int, _ padding: Int, countsPadding: Bool, in operation: String) {
        ShapeCheck.rank(x, 3, "[N, T, C]", in: operation)
        self.init(
            batch: x.shape[0], channels: x.shape[2], rows: PoolingWindows(inputs: 1, outputs: 1, in: operation),
            columns: PoolingWindows(
                inputs: x.shape[1], kernel: kernel, stride: stride, padding: padding, countsPadding: countsPadding, in: operation))
    }

    func maximum(_ x: Tensor, shape: [Int], keepingPlaces: Bool) -> (output: Tensor, places: Tensor?) {
        let output = Tensor(uninitialized: shape), places = keepingPlaces ? Tensor(uninitialized: shape, .int32) : nil
        let (to, at, from) = (output.floats, places?.integers, x.floats)
        forEachRow(of: rows.outputs, columns.outputs) { row, offset, picture, axes in
            concord_max_pool_row(to + offset, at.map { $0 + offset }, from + picture * pictureSize, axes.0, axes.1, row, channels)
        }
        return (output, places)
    }

    func maximumGradient(_ upstream: Tensor, places: Tensor, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape)
        let (to, at, from) = (gradient.floats, places.integers, upstream.floats)
        forEachRow(of: rows.inputs, columns.inputs) { row, offset, picture, axes in
            let first = picture * outputSize
            concord_max_pool_gradient_row(to + offset, from + first, at + first, axes.0, axes.1, row, channels)
        }
        return gradient
    }

    func average(_ x: Tensor, shape: [Int]) -> Tensor {
        averaged(x, size: pictureSize, shape: shape, rows.outputs, columns.outputs, by: concord_average_pool_row)
    }

    func averageGradient(_ upstream: Tensor, shape: [Int]) -> Tensor {
        averaged(upstream, size: outputSize, shape: shape, rows.inputs, columns.inputs, by: concord_average_pool_gradient_row)
    }

    private typealias AveragingKernel =
        @convention(c) (
            UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<concord_pooling_axis>?, UnsafePointer<concord_pooling_axis>?,
            Int, Int
        ) -> Void

    /// - Parameter size: elements of a picture of `x`.
    private func averaged(
        _ x: Tensor, size: Int, shape: [Int], _ height: Int, _ width: Int, by kernel: AveragingKernel
    ) -> Tensor {
        let output = Tensor(uninitialized: shape)
        let (to, from) = (output.floats, x.floats)
        forEachRow(of: height, width) { row, offset, picture, axes in
            kernel(to + offset, from + picture * size, axes.0, axes.1, row, channels)
        }
        return output
    }

    private var pictureSize: Int { rows.inputs * columns.inputs * channels }
    private var outputSize: Int { rows.outputs * columns.outputs * channels }

    private typealias Axes = (UnsafePointer<concord_pooling_axis>, UnsafePointer<concord_pooling_axis>)

    /// - Parameter body: gets the row in its picture, the row's first element, the picture's number and both axes.
    private func forEachRow(of height: Int, _ width: Int, _ body: (_ row: Int, _ offset: Int, _ picture: Int, _ axes: Axes) -> Void) {
        guard channels > 0 else { return }
        let work = max(pictureSize, outputSize) / max(1, height)  // elements touched for a row
        withUnsafePointer(to: rows.axis) { rows in
            withUnsafePointer(to: columns.axis) { columns in
                Parallel.run(batch * height, grain: max(1, Elementwise.grain / max(1, work))) { range in
                    for row in range { body(row % height, row * width * channels, row / height, (rows, columns)) }
                }
            }
        }
    }
}
