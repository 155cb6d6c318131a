import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

/// Logits that InfoNCE's forward pass keeps for its backward pass.
struct KeptLogitTests {
    /// The loss, its gradients, and the multiply-adds that they took, with so much memory for logits.
    private func contrasted(
        _ inputs: [Tensor], bytes: Int, _ precision: Precision, _ loss: (Tensor, Tensor) -> Tensor
    ) -> (values: [Tensor], products: Int) {
        let (values, count) = LogitMemory.with(limit: bytes) {
            MultiplyAdds.counting {
                withPrecision(precision) {
                    let (loss, pullback) = valueWithPullback(of: inputs) { [loss($0[0], $0[1])] }
                    return loss + pullback([Tensor(0.7)]).1.compactMap(\.self)
                }
            }
        }
        return (values, count.matmul)
    }

    /// 150 rows of 200,000 columns are three tiles; memory for one, for all and for none.
    @Test(arguments: [Precision.float32, .bfloat16]) func whatIsKeptChangesNoBit(_ precision: Precision) {
        let rows = 150, columns = 200_000, width = 4
        let tile = 64 * (columns + 16) * (precision == .bfloat16 ? 2 : 4)
        let inputs = [hashed("a", [rows, width]), hashed("b", [columns, width])]
        let labels = Tensor((0..<Int32(rows)).map { $0 }, shape: [rows])
        let columnLabels = Tensor((0..<Int32(columns)).map { $0 }, shape: [columns])
        func run(_ bytes: Int) -> (values: [Tensor], products: Int) {
            contrasted(inputs, bytes: bytes, precision) { a, b in
                .contrast(
                    a, b, logScale: Tensor(1.5), rowLabels: labels, columnLabels: columnLabels, options: .init())
            }
        }
        let none = run(0), one = run(tile), all = run(.max), product = rows * columns * width
        #expect(none.values.count == 3)
        for (a, b) in zip(none.values, one.values) { #expect(a.scalars == b.scalars) }
        for (a, b) in zip(none.values, all.values) { #expect(a.scalars == b.scalars) }
        #expect(none.products == 4 * product)
        #expect(one.products == 4 * product - 64 * columns * width)
        #expect(all.products == 3 * product)
    }

    /// Rows with positives, excluded elements, and distances in place of cosines.
    @Test(arguments: [InfoNCE.Similarity.cosine, .dotProduct, .euclidean])
    func viewsAndDistancesAreTheSameBits(_ similarity: InfoNCE.Similarity) {
        let inputs = [hashed("c", [70, 12]), hashed("d", [70, 12])]
        let loss = InfoNCE(similarity: similarity, temperature: .fixed(0.3))
        let none = contrasted(inputs, bytes: 0, .float32) { loss.views($0, $1) }
        let all = contrasted(inputs, bytes: .max, .float32) { loss.views($0, $1) }
        #expect(none.products > all.products)
        for (a, b) in zip(none.values, all.values) { #expect(a.scalars == b.scalars) }
    }
}
