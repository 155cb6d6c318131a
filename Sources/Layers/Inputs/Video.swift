public import ConcordTensors

/// Clips of videos: so many frames of each, in order.
///
/// ```swift
/// let clips = Video(frames)                                             // [N, T, H, W, 3]
/// let start = clips.frames(0..<8)                                       // the first eight frames of each
/// ```
public struct Video: Sendable {
    /// `[N, T, H, W, C]`, normalized as images are.
    public let frames: Tensor

    /// - Parameter frames: `[N, T, H, W, C]`, at least one frame each.
    public init(_ frames: Tensor) {
        ShapeCheck.require(
            frames.rank == 5 && frames.shape[1] > 0, "Video", "[N, T, H, W, C] wanted, found \(frames.shape)")
        self.frames = frames
    }

    /// Number N of clips.
    public var count: Int { frames.shape[0] }
    /// Frames T of each.
    public var length: Int { frames.shape[1] }
    /// Numbers of a frame, H * W * C.
    public var frameSize: Int { frames.shape[2...].reduce(1, *) }
    /// All frames as images, `[N * T, H, W, C]`.
    public var images: Tensor { frames.reshaped([count * length] + frames.shape[2...]) }

    /// The frames of a range in `0 ..< length` of every clip.
    public func frames(_ range: Range<Int>) -> Video { Video(frames.sliced(range, axis: 1)) }
}

extension Video: RowSliceable {
    public var rowCount: Int { count }
    public func rows(in range: Range<Int>) -> Video { Video(frames.sliced(range, axis: 0)) }
}
