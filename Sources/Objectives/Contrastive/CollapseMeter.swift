import ConcordTensors

/// Whether a model still tells its inputs apart.
enum CollapseMeter {
    /// Standard deviation over the rows of the unit embeddings' elements, averaged, times sqrt(D): about 1 where
    /// embeddings `[N, D]` point everywhere, 0 where all are the same.
    static func spread(of embeddings: Tensor) -> Tensor {
        detached {
            let variance = embeddings.detached.l2Normalized().variance(axes: [0])  // [D]
            return variance.sqrt().mean() * Float(embeddings.shape[1]).squareRoot()
        }
    }
}
