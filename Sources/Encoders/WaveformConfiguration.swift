public import ConcordLayers

extension WaveformEncoder {
    /// What a waveform encoder is made of.
    public struct Configuration: Equatable, Sendable {
        /// What the first convolution sees.
        public enum Front: Equatable, Sendable {
            /// The samples, one channel, at any rate.
            case samples
            /// Log-mel frames, a channel a band, of clips at the front end's rate.
            case logMel(LogMel.Configuration)
        }

        /// A convolution along time.
        public struct Convolution: Hashable, Sendable {
            /// Channels of the output, steps of a window, steps between windows, zeros on both ends.
            public var channels: Int, kernel: Int, stride: Int, padding: Int

            /// - Parameters:
            ///   - channels: of its output.
            ///   - padding: zeros on both ends of a clip.
            public init(_ channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0) {
                (self.channels, self.kernel, self.stride, self.padding) = (channels, kernel, stride, padding)
            }

            /// Frames out for frames in, 0 where the kernel does not fit.
            func frames(of steps: Int) -> Int {
                let room = steps + 2 * padding - kernel
                return room < 0 ? 0 : room / stride + 1
            }

            /// The fewest frames in that give `frames` out.
            func steps(for frames: Int) -> Int { max(1, (frames - 1) * stride + kernel - 2 * padding) }
        }

        /// How the channels of a layer are rescaled.
        public enum Norm: Hashable, Sendable {
            /// Over all real frames of the batch.
            case batch
            /// Over the real frames of a clip and the channels of a group.
            case group(Int)
            /// Over the channels of a frame.
            case layer
            /// Each channel over the real frames of a clip, behind the first convolution alone: wav2vec 2.0's.
            case first
            /// No normalization.
            case none
        }

        /// What puts frames into their context.
        public enum Context: Hashable, Sendable {
            /// Frames stay as they are.
            case none
            /// Gated recurrent units, ``GRU``.
            case gru(hidden: Int, layers: Int = 1)
            /// Long short-term memory, ``LSTM``.
            case lstm(hidden: Int, layers: Int = 1)
            /// ``TransformerContext``, as wide as the frames where `width` is nil.
            case transformer(
                depth: Int, heads: Int, causal: Bool = false, dropout: Float = 0, width: Int? = nil,
                positions: TransformerContext.Positions = .sinusoidal,
                placement: TransformerBlock.NormPlacement = .pre)
        }

        /// How frames are pooled into a clip's embedding.
        public enum Pooling: String, Hashable, Sendable, CaseIterable {
            /// The mean of its real frames.
            case mean
            /// Each channel's largest value in them.
            case max
        }

        /// What the first convolution sees.
        public var front: Front
        /// Masks over log-mel frames, in training; nil for none.
        public var augmentation: SpecAugment?
        /// In their order.
        public var convolutions: [Convolution]
        /// Whether the convolutions have biases.
        public var hasBiases: Bool
        /// How the channels of each convolution's output are normalized.
        public var norm: Norm
        /// Applied after each normalization.
        public var activation: Activation
        /// What puts frames into their context.
        public var context: Context
        /// How frames become a clip's embedding.
        public var pooling: Pooling

        /// - Parameter convolutions: over log-mel frames there may be none: the frames are the features then.
        public init(
            front: Front = .samples, convolutions: [Convolution], biases: Bool = true, norm: Norm = .batch,
            activation: Activation = .relu,
            context: Context = .none,
            pooling: Pooling = .mean
        ) {
            (self.front, self.convolutions, hasBiases, self.norm) = (front, convolutions, biases, norm)
            (self.activation, self.context, self.pooling) = (activation, context, pooling)
        }
    }
}

extension WaveformEncoder.Configuration {
    /// The encoder of contrastive predictive coding: 160 samples a frame, 256 channels, batch normalization and ReLU
    /// after each of five convolutions.
    /// - Source: van den Oord, Li, Vinyals 2018, arXiv:1807.03748, section 3.1, with 256 channels and the paddings of
    ///   Riviere et al. 2020, arXiv:2002.02848; batch normalization, because with the paper's over channels small sets
    ///   of clips are not learned.
    public static let cpc = cpc(width: 256)

    /// The same with another number of channels.
    public static func cpc(width: Int) -> Self {
        Self(convolutions: [
            Convolution(width, kernel: 10, stride: 5, padding: 3), Convolution(width, kernel: 8, stride: 4, padding: 2),
            Convolution(width, kernel: 4, stride: 2, padding: 1), Convolution(width, kernel: 4, stride: 2, padding: 1),
            Convolution(width, kernel: 4, stride: 2, padding: 1),
        ])
    }

    /// The encoder of wav2vec 2.0: seven convolutions without biases, 320 samples a frame, GELU.
    /// - Source: Baevski et al. 2020, arXiv:2006.11477, section 4.2, as fairseq's `extractor_mode=default`.
    /// - Parameter width: channels of every convolution.
    public static func wav2vec2(width: Int = 512) -> Self {
        Self(
            convolutions: zip([10, 3, 3, 3, 3, 2, 2], [5, 2, 2, 2, 2, 2, 2]).map {
                Convolution(width, kernel: $0, stride: $1)
            }, biases: false, norm: .first, activation: .gelu)
    }

    /// Convolutions over log-mel frames, the second and third of which halve the rate: for contrastive towers over
    /// clips of some seconds.
    ///
    /// On few clips it learns far sooner than convolutions over samples: on 2700 spoken digits with their words, 4
    /// epochs give 0.97 of the held-out ones, where `.cpc(width: 64)` has 0.43 after 3.
    /// - Parameters:
    ///   - front: frames of 25 ms, 10 ms apart, each clip brought to mean 0 and standard deviation 1, at the clips' own
    ///     rate.
    ///   - width: channels of the three convolutions, each with kernel 3, batch normalization and ReLU.
    public static func logMel(_ front: LogMel.Configuration = .speech(), width: Int = 256) -> Self {
        Self(
            front: .logMel(front),
            convolutions: [1, 2, 2].map { Convolution(width, kernel: 3, stride: $0, padding: 1) })
    }

    /// Frames of a clip of so many samples; at least one, since shorter clips than the receptive field are taken with
    /// zeros behind them.
    public func frames(of samples: Int) -> Int {
        convolutions.reduce(frontFrames(of: Swift.max(samples, minimumSamples))) { $1.frames(of: $0) }
    }

    /// The fewest samples that fill a frame.
    public var minimumSamples: Int {
        let steps = convolutions.reversed().reduce(1) { $1.steps(for: $0) }
        switch front {
        case .samples: return steps
        case .logMel(let front): return front.sampleCount(for: steps)
        }
    }

    /// Samples from the start of one frame to that of the next.
    public var stride: Int {
        let steps = convolutions.reduce(1) { $0 * $1.stride }
        switch front {
        case .samples: return steps
        case .logMel(let front): return steps * front.hop
        }
    }

    /// Steps that the first convolution sees of a clip.
    func frontFrames(of samples: Int) -> Int {
        switch front {
        case .samples: samples
        case .logMel(let front): front.frameCount(of: samples)
        }
    }
}
