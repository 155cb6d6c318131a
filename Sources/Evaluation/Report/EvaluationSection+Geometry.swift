import ConcordFiles
import ConcordLayers

extension EvaluationSection {
    /// Uniformity and effective rank by input, and alignment by pair of inputs.
    public static func embeddingGeometry(_ found: EmbeddingGeometry) -> EvaluationSection {
        let inputs = found.inputs.sorted { $0.key < $1.key }, pairs = found.alignment.sorted { $0.key < $1.key }
        let name = Name.embeddingGeometry
        return EvaluationSection(
            name: name,
            metrics: inputs.flatMap { input, cloud in
                [
                    Metric("\(name).\(input).uniformity", cloud.uniformity ?? .nan, isBetter: .lower),
                    Metric("\(name).\(input).effective_rank", cloud.effectiveRank ?? .nan, isBetter: .higher),
                ]
            }
                + pairs.map { pair, alignment in
                    Metric("\(name).\(pair).alignment", alignment.value ?? .nan, isBetter: .lower)
                },
            table: EvaluationTable(
                columns: ["embedding geometry", "uniformity", "effective rank", "dimensions", "alignment", "items"],
                rows: inputs.map { input, cloud in
                    [
                        input, NumberText.fixed(cloud.uniformity ?? .nan, decimals: 3),
                        NumberText.fixed(cloud.effectiveRank ?? .nan, decimals: 1), String(cloud.dimensions), "-",
                        String(cloud.items),
                    ]
                }
                    + pairs.map { pair, alignment in
                        [
                            pair.split(separator: "_").joined(separator: " "), "-", "-", "-",
                            NumberText.fixed(alignment.value ?? .nan, decimals: 3), String(alignment.pairs),
                        ]
                    }),
            content: found)
    }
}
