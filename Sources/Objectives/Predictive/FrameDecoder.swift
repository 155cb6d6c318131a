public import ConcordLayers
public import ConcordTensors

/// From context vectors to predicted frames: what `FramePrediction` ends in.
public protocol FrameDecoder: Module {
    /// - Parameter contexts: `[R, D]`.
    /// - Returns: `[R, …]`, as many numbers a row as a frame has.
    func callAsFunction(_ contexts: Tensor) -> Tensor
}

extension Linear: FrameDecoder {}
extension ConvolutionalDecoder: FrameDecoder {}
