import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

@Suite struct ModeTests {
    private let x = hashed("x", [4, 6, 8])

    @Test func dropoutActsInTrainingOnly() {
        let dropout = Dropout(0.5), block = TransformerBlock(width: 8, heads: 2, dropout: 0.3)
        #expect(dropout(x).scalars == x.scalars)
        #expect(training { dropout(x) }.scalars.filter { $0 == 0 }.count > 50)
        #expect(training(step: 1) { block(x) }.scalars == training(step: 1) { block(x) }.scalars)
        #expect(training(step: 1) { block(x) }.scalars != training(step: 2) { block(x) }.scalars)
    }

    @Test func runningStatisticsFollowInTrainingOnly() {
        let norm = BatchNorm(8)
        _ = norm(x)
        #expect(norm.runningMean.value.scalars == [Float](repeating: 0, count: 8))
        _ = training { norm(x) }
        #expect(norm.runningMean.value.scalars != [Float](repeating: 0, count: 8))
    }

    @Test func substitutedStatisticsAreWrittenInPlaceOfTheModulesOwn() {
        let norm = BatchNorm(8), values = ParameterValues()
        training { norm.with(values) { _ = norm(x) } }
        #expect(norm.runningMean.value.scalars == [Float](repeating: 0, count: 8))
        #expect(values[norm.runningMean]?.scalars != nil)
    }

    @Test func batchNormalizationLetsOneRowThrough() {
        let norm = BatchNorm(8)
        let row = hashed("row", [1, 8]), y = training { norm(row) }
        #expect(y.scalars == [Float](repeating: 0, count: 8))
        // The variance of one row is 0, not 0/0.
        expectClose(norm.runningVar.value, Tensor(repeating: 0.9, shape: [8]))
        expectClose(norm.runningMean.value, row.reshaped([8]) * 0.1)
    }

    @Test func paddingChangesNothing() {
        let block = TransformerBlock(width: 8, heads: 2).filled(prefix: "padding.")
        let mask = Tensor([1, 1, 1, 1, 0, 0] as [UInt8], shape: [1, 6])
        let short = hashed("short", [1, 4, 8])
        let long = Tensor.concatenated([short, hashed("junk", [1, 2, 8], scale: 100)], axis: 1)
        expectClose(block(long, mask: mask).sliced(0..<4, axis: 1), block(short))
    }
}
