public import ConcordLayers
public import ConcordTensors

/// Finds each anchor's positive among the batch's by a learned bilinear similarity (COLA).
///
///     s_ij = h(a_i) W h(b_j)ᵀ,   h(x) = tanh(norm(x));   loss = mean over i of  ln(sum over j of e^(s_ij)) - s_ii
///
/// ```swift
/// let cola = JointEmbedding(encoder, head: ProjectionHead(256, hidden: 1, 512, layers: 1), loss: BilinearLoss(512))
/// ```
/// Rows of `a` are anchors, and rows of `b` alone their candidates. Neither a temperature nor a length of 1 bounds the
/// similarity. `ln N` at chance.
/// - Source: Saeed, Grangier, Zeghidour 2020, arXiv:2010.10915, eq. 1 and 2, as google-research's `cola`.
public final class BilinearLoss: PairLoss {
    /// Over the D numbers of an embedding, with Keras's epsilon 1e-3.
    public let norm: LayerNorm
    /// W, `[D, D]`.
    public let weight: Parameter
    /// The softmax among the candidates.
    private let loss = InfoNCE(similarity: .dotProduct, temperature: .fixed(1), direction: .oneWay)

    /// - Parameter dimension: D of the embeddings.
    public init(_ dimension: Int) {
        norm = LayerNorm(dimension, epsilon: 1e-3)
        weight = Parameter([dimension, dimension], .normal(std: 0.05))
    }

    /// - Parameters:
    ///   - a, b: `[N, D]`; row i of one is a positive of row i of the other.
    ///   - labels: int32 `[N]`: rows of equal labels are positives, several a row.
    /// - Returns: a scalar; `ln N` at chance.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor?) -> Tensor {
        let anchors = norm(a).tanh().matmul(weight.value)  // [N, D]
        return loss(anchors, norm(b).tanh(), labels: labels)
    }
}

/// Finds each anchor's positive among the batch's by the cosine over a temperature, in one direction: COLA's other
/// similarity.
/// - Source: Saeed, Grangier, Zeghidour 2020, arXiv:2010.10915, section 3.2 ("cosine", T 0.2).
public final class AnchorLoss: PairLoss {
    private let loss: InfoNCE

    /// - Parameter temperature: above 0.
    public init(temperature: Float = 0.2) { loss = InfoNCE(temperature: .fixed(temperature), direction: .oneWay) }

    /// As ``BilinearLoss/callAsFunction(_:_:labels:)``.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor?) -> Tensor { loss(a, b, labels: labels) }
}
