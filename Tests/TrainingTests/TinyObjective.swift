import ConcordDatasets
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport

struct Points: Sendable {
    let x: Tensor  // [N, 6]
    let ids: Tensor  // [N]
    let y: Tensor  // [N, 1]
}

/// A small network with all that a resumed run must restore: a table with row gradients, dropout, a running statistic,
/// a bounded scale.
final class TinyObjective: Objective {
    let first = Parameter([8, 6], .fanIn(6))
    let bias = Parameter([8], .fanIn(6))
    let second = Parameter([1, 8], .fanIn(8))
    let table = Parameter([11, 8], .normal(std: 1))
    let scale = Parameter([], .constant(1), range: 0.5...1.5)
    let runningMean = Buffer(Tensor(zeros: [8]))
    let dropout: Float

    init(dropout: Float = 0.2) { self.dropout = dropout }

    func callAsFunction(_ batch: Points) -> Loss {
        // [N, 8]
        let hidden = batch.x.linear(weight: first.value).biasedGELU(bias.value).dropout(dropout) + lookUp(batch.ids)
        if Context.current.isTraining {
            runningMean.assign(detached { runningMean.value * 0.9 + hidden.detached.mean(axis: 0) * 0.1 })
        }
        let error = hidden.linear(weight: second.value) * scale.value - batch.y
        let loss = (error * error).mean()
        return Loss(loss, parts: [("squared_error", loss)], metrics: [("logit_scale", scale.value)])
    }

    private func lookUp(_ ids: Tensor) -> Tensor {
        let table = table.value
        let rows = ids.integerScalars.flatMap { id in (0..<8).map { table.float32Pointer[Int(id) * 8 + $0] } }
        return Tensor(rows, shape: [ids.count, 8]).recorded([table]) { upstream, _ in
            [.rows(RowGradient(shape: [11, 8], contributions: [(ids, upstream)]))]
        }
    }

    var values: [String: [Float]] {
        let walk = ParameterWalk(self)
        let leaves =
            walk.parameters.map { ($0.path, $0.parameter.stored) } + walk.buffers.map { ($0.path, $0.buffer.stored) }
        return Dictionary(uniqueKeysWithValues: leaves.map { ($0, $1.scalars) })
    }
}

/// 37 noisy points in batches.
func points(
    of size: Int, seed: UInt64 = 3, shuffle: Bool = true, dropLast: Bool = true, noise: Float = 0.1
) -> Batches<Points> {
    Samples<(x: Tensor, id: Int32, y: Float)>(count: 37) { index, random in
        let x = hashed("x \(index)", [6])
        return (x + noise * random.uniform(), Int32(index % 11), x.scalars.reduce(0, +))
    }.batches(of: size, seed: seed, shuffle: shuffle, dropLast: dropLast, threads: 1) { samples in
        Points(
            x: Tensor(samples.flatMap(\.x.scalars), shape: [samples.count, 6]),
            ids: Tensor(samples.map(\.id), shape: [samples.count]),
            y: Tensor(samples.map(\.y), shape: [samples.count, 1]))
    }
}
