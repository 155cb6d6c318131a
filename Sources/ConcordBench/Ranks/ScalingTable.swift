/// The scaling model's steps of CLIP's RN50 and ViT-B/32 for 1 to 1,000 nodes.
struct ScalingTable {
    let rate: Double
    let link: Link

    private struct Model {
        let name: String
        let parameters: Double, operations: Double, activations: Double, dimension: Double
    }

    /// Parameters and operations of a pair as open_clip's models have them: images of 224, texts of 77 tokens.
    private static var models: [Model] {
        var rn50 = OperationCount(), vit = OperationCount()
        rn50.modifiedResNet(count: 1, side: 224, width: 64, blocks: [3, 4, 6, 3], outputs: 1024)
        rn50.transformer(count: 1, steps: 77, width: 512, depth: 12, causal: true)
        vit.convolution(count: 1, side: 7, 3, 768, kernel: 32, inputsNeedGradients: false)
        vit.transformer(count: 1, steps: 50, width: 768, depth: 12, causal: false)
        vit.transformer(count: 1, steps: 77, width: 512, depth: 12, causal: true)
        return [
            Model(
                name: "RN50", parameters: 102.0e6, operations: rn50.operations, activations: 90e6, dimension: 1024),
            Model(
                name: "ViT-B/32", parameters: 151.3e6, operations: vit.operations, activations: 45e6, dimension: 512),
        ]
    }

    var text: String {
        var lines = [
            "| model | batch | nodes | step | pairs/s | efficiency | ring | memory a node | sharded, ring |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for model in Self.models {
            let scaling = ScalingModel(
                parameters: model.parameters, operationsOfPair: model.operations, activationsOfPair: model.activations,
                dimension: model.dimension, rate: rate, link: link)
            for batch in [4096, 32768] {
                for nodes in [1, 4, 16, 64, 256, 1000] {
                    let step = scaling.step(ranks: nodes, batch: batch)
                    let ring = scaling.step(ranks: nodes, batch: batch, isRing: true, isSharded: true)
                    lines.append(
                        "| \(model.name) | \(batch) | \(nodes) | \(step.seconds.decimals(2)) s | "
                            + "\((Double(batch) / step.seconds).decimals(0)) | \(step.efficiency.percent) | "
                            + "\(ring.efficiency.percent) | \((step.memory / 1e9).decimals(1)) GB | "
                            + "\((ring.memory / 1e9).decimals(1)) GB |")
                }
            }
        }
        return lines.joined(separator: "\n")
    }
}
