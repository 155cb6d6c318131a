import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// Masked image modeling by one linear layer (SimMIM): the raw pixels of masked squares, of a ViT or a ResNet.
///
/// ```yaml
/// objective: {name: simmim, fraction: 0.6, block: 2}
/// model: {image: {encoder: vit, patch: 4, width: 128, depth: 4}}
/// views: {size: 32, scale: 0.67}
/// ```
/// Over a `resnet` the squares are as large as the stride of its feature map: 8 pixels with `stem: cifar`, else 32.
/// - Source: Xie et al. 2021, arXiv:2111.09886.
public struct SimMIMRecipe: ObjectiveRecipe {
    public static let name = "simmim"

    private let masked: MaskedPatchSettings

    public init(_ fields: Fields, data: DataSettings) throws {
        masked = try MaskedPatchSettings(fields, fraction: 0.6)
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        DataNeeds([try data.require(.image, for: Self.name)])
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.needs.inputs[0], model: any ImageObjective
        if try parts.imageEncoder(of: input) is any FeatureMapEncoder {
            let encoder = try parts.mapEncoder(of: input)
            model = MaskedFeatureMap(encoder, masking: try masked.masking(parts, patch: encoder.stride, block: 1))
        } else {
            let encoder = try parts.patchEncoder(of: input, or: ResNetRecipe.name)
            model = MaskedImageModel(encoder, masking: try masked.masking(parts, patch: encoder.patch, block: 2))
        }
        let embedder = ModalityEmbedder.images(try parts.imageEncoder(of: input))
        return TrainingTask(model.on(input), embedders: [input: embedder])
    }
}
