import ConcordLayers
import ConcordTensors

/// Where each piece of a batch would move buffers (running statistics) from where they stand, averaged by the pieces'
/// samples.
///
/// A statistic that follows batches with a momentum takes the mean of the pieces' statistics so, with the momentum of
/// one step.
struct BufferUpdates {
    private var means: [(buffer: Buffer, value: Tensor, weight: Int)] = []
    private var places: [ObjectIdentifier: Int] = [:]
    private var staged: [(rows: StagedRows, value: Tensor)] = []

    /// - Parameter values: what a piece wrote.
    mutating func add(_ values: ParameterValues, weight: Int) {
        for case (let rows as StagedRows, let value) in values.own { staged.append((rows, value)) }
        for case (let buffer as Buffer, let value) in values.own {
            guard let place = places[ObjectIdentifier(buffer)] else {
                places[ObjectIdentifier(buffer)] = means.count
                means.append((buffer, value, weight))
                continue
            }
            let mean = means[place], sum = mean.weight + weight
            means[place].value =
                value.elementType == .float32 && buffer.merge == .mean
                ? mean.value + (value - mean.value) * (Float(weight) / Float(max(1, sum))) : value
            means[place].weight = sum
        }
    }

    func make() {
        for (buffer, value, _) in means { buffer.assign(value) }
        for (rows, value) in staged { rows.append(value) }
    }
}
