public import ConcordLayers
public import ConcordTensors

/// A transformer over the patches of images (ViT).
///
/// A linear map of each patch, positions, a class token and register tokens before them, pre-norm blocks, a last layer
/// normalization, then one embedding an image.
///
/// ```swift
/// let encoder = VisionTransformer(patch: 16, imageSize: 224, width: 384, depth: 12)
/// let embedding = encoder(images)                                       // [N, 224, 224, 3] -> [N, 384]
/// ```
///
/// The tensors of a checkpoint are timm's (and so those of DINO, MAE and MoCo v3) in layout and, but for the blocks',
/// in name; ``name(ofTimm:)`` renames. Images of another size have positions that are interpolated, or computed where
/// they are fixed.
/// - Source: Dosovitskiy et al. 2020, arXiv:2010.11929; register tokens: Darcet et al. 2023, arXiv:2309.16588. Layer
///   normalizations have timm's epsilon, 1e-6. Initial weights are Glorot's, as MAE's; biases of the blocks' MLPs are
///   PyTorch's.
public final class VisionTransformer: PatchEncoder, LayeredModule {
    /// How an image becomes one vector.
    public enum Pooling: String, Sendable, CaseIterable {
        /// A class token's output.
        case classToken = "class"
        /// The mean of the patches' outputs; there is no class token.
        case mean
    }

    /// From patches to tokens.
    public let patchEmbed: PatchEmbedding
    /// `[1, 1, C]`; nil where the patches' outputs are averaged.
    public let classToken: Parameter?
    /// `[1, R, C]`, without positions; nil where there are none.
    public let registerTokens: Parameter?
    /// Of the patches and of the class token.
    public let positions: GridPositions
    /// The transformer blocks, in their order.
    public let blocks: [TransformerBlock]
    /// The last layer normalization.
    public let norm: LayerNorm
    /// How an image becomes one vector.
    public let pooling: Pooling
    /// Whether a patch sees itself and those before it, row by row, alone.
    public let isCausal: Bool
    public let outputDimension: Int
    /// Whether blocks forget what they computed, and compute it again in the backward pass.
    public let checkpointing: Bool

    public var patch: Int { patchEmbed.patch }
    public var featureDimension: Int { outputDimension }
    public var prefixCount: Int { (classToken == nil ? 0 : 1) + (registerTokens?.shape[1] ?? 0) }

    public var checkpointNames: [String: String] {
        ["classToken": "cls_token", "registerTokens": "reg_token", "positions": "pos_embed"]
    }

    /// A classifier in a file is passed over, and so are the fixed positions that MAE's files have.
    public var unusedCheckpointNames: [String] {
        ["head.weight", "head.bias"] + (positions.table == nil ? ["pos_embed"] : [])
    }

    /// - Parameters:
    ///   - patch: side P of a patch in pixels.
    ///   - imageSize: side of the images that the positions are for; a multiple of P.
    ///   - width: C of every token and of the embedding; a multiple of 4 where positions are fixed.
    ///   - depth: number of blocks.
    ///   - heads: one for every 64 of the width where nil.
    ///   - registers: number R of register tokens.
    ///   - dropout: probability in every block.
    ///   - causal: whether a patch sees itself and those before it alone; with mean pooling, without register tokens.
    ///   - checkpointing: keeps each block's input alone for the backward pass, which computes the rest again: less
    ///     memory, a third more time.
    public init(
        patch: Int = 16, imageSize: Int = 224, width: Int = 384, depth: Int = 12, heads: Int? = nil,
        channels: Int = 3, pooling: Pooling = .classToken, positions: GridPositions.Form = .learned,
        registers: Int = 0, activation: Activation = .gelu, dropout: Float = 0, causal: Bool = false,
        checkpointing: Bool = false
    ) {
        ShapeCheck.require(
            patch > 0 && imageSize >= patch && imageSize % patch == 0, "VisionTransformer",
            "images of \(imageSize) are no multiple of patches of \(patch)")
        ShapeCheck.require(
            !causal || pooling == .mean && registers == 0, "VisionTransformer",
            "causal, \(pooling.rawValue) pooling and \(registers) register tokens: tokens before the patches see none")
        let hasClass = pooling == .classToken
        patchEmbed = PatchEmbedding(patch: patch, width, channels: channels)
        classToken = hasClass ? Parameter([1, 1, width], .normal(std: 0.02)) : nil
        registerTokens = registers > 0 ? Parameter([1, registers, width], .normal(std: 0.02)) : nil
        self.positions = GridPositions(imageSize / patch, width, leading: hasClass ? 1 : 0, form: positions)
        blocks = (0..<depth).map { _ in
            TransformerBlock(
                width: width, heads: heads ?? max(1, width / 64), activation: activation, dropout: dropout,
                epsilon: 1e-6, initialization: .glorot(width: width))
        }
        norm = LayerNorm(width, epsilon: 1e-6)
        (self.pooling, self.checkpointing, outputDimension) = (pooling, checkpointing, width)
        isCausal = causal
    }

    /// - Parameter images: `[N, H, W, C]`, normalized; sides are multiples of P.
    /// - Returns: `[N, D]`.
    public func callAsFunction(_ images: Tensor) -> Tensor {
        let steps = context(features(images).features, mask: nil)  // [N, prefix + L, D]
        let (count, length) = (steps.shape[0], steps.shape[1])
        switch pooling {
        case .classToken: return steps.sliced(0..<1, axis: 1).reshaped([count, outputDimension])
        case .mean: return steps.sliced(prefixCount..<length, axis: 1).mean(axis: 1)
        }
    }

    /// Class token, register tokens and patches at their places, `[N, prefix + L, C]`; all are real.
    public func features(_ images: Tensor) -> (features: Tensor, mask: Tensor?) {
        let tokens = embedded(images), (rows, columns) = (images.shape[1] / patch, images.shape[2] / patch)
        return (prefixed(placed(tokens, rows: rows, columns: columns)), nil)
    }

    public func embedded(_ images: Tensor) -> Tensor { patchEmbed(images) }

    public func placed(_ tokens: Tensor, rows: Int, columns: Int) -> Tensor {
        positions(tokens, rows: rows, columns: columns)
    }

    public func prefixed(_ tokens: Tensor) -> Tensor {
        let count = tokens.shape[0]
        var parts: [Tensor] = []
        if let token = classToken?.value {
            let placed = positions.leading.map { token + $0 } ?? token
            parts.append(placed.broadcasted(to: [count, 1, outputDimension]))
        }
        if let registers = registerTokens?.value {
            parts.append(registers.broadcasted(to: [count, registers.shape[1], outputDimension]))
        }
        return parts.isEmpty ? tokens : .concatenated(parts + [tokens], axis: 1)
    }

    /// Every token in its context after the last normalization, `[N, T, D]`.
    public func context(_ features: Tensor, mask: Tensor?) -> Tensor {
        norm(
            blocks.reduce(features) { x, block in
                checkpointed(x, when: checkpointing) { [isCausal] in block($0, mask: mask, causal: isCausal) }
            })
    }

    /// The patches' embedding with class token, registers and positions; then each block.
    public var layers: [[any Module]] {
        let tokens = [classToken, registerTokens].compactMap { $0 }
        return [[patchEmbed, positions] + tokens] + blocks.map { [$0] }
    }

    /// The name here of a tensor of timm's `VisionTransformer` (`blocks.0.attn.qkv.weight`); DINO's encoders, MAE's
    /// (with its decoder's) and MoCo v3's have the same names.
    ///
    /// ```swift
    /// let encoder = VisionTransformer(patch: 16, imageSize: 224, width: 384, depth: 12)
    /// try encoder.load(Safetensors(path: "vit_small.safetensors"), renaming: VisionTransformer.name(ofTimm:))
    /// ```
    public static func name(ofTimm name: String) -> String {
        let renamed = [
            ".norm1.": ".ln_1.", ".norm2.": ".ln_2.", ".attn.qkv.": ".attn.in_proj_", ".attn.proj.": ".attn.out_proj.",
            ".mlp.fc1.": ".mlp.c_fc.", ".mlp.fc2.": ".mlp.c_proj.",
        ]
        guard name.contains("blocks."), let (theirs, own) = renamed.first(where: { name.contains($0.key) }),
            let place = name.firstRange(of: theirs)
        else { return name }
        return name[..<place.lowerBound] + own + name[place.upperBound...]
    }
}

extension VisionTransformer: InspectableEncoder {
    /// The class and register tokens and the patches as embedded, then behind each block; the last normalized.
    public func layerOutputs(_ images: Tensor) -> [LayerOutput] {
        var outputs = [features(images).features]
        for block in blocks { outputs.append(block(outputs[outputs.count - 1], mask: nil, causal: isCausal)) }
        outputs[outputs.count - 1] = norm(outputs[outputs.count - 1])
        return outputs.map { LayerOutput($0) }
    }
}
