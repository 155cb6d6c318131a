import ConcordLayers
import ConcordTensors
import Testing

@Suite struct InputTests {
    @Test func whatSamplesHaveIsCollatedInTheirOrder() throws {
        let samples: [Int?] = [nil, 3, nil, 5, 7]
        let available = try #require(Available(of: samples, { $0 }) { $0 })
        #expect(available.input == [3, 5, 7] && available.rows == [1, 3, 4] && available.count == 5)
    }

    @Test func ifAllHaveItThereAreNoRows() throws {
        let available = try #require(Available(of: [1, 2], { Optional($0) }) { $0 })
        #expect(available.input == [1, 2] && available.rows == nil && available.count == 2)
        #expect(Available([4], rows: [0], of: 1).rows == nil)
    }

    @Test func ifNoneHasItThereIsNoInput() {
        var collations = 0
        let none = Available(of: [1, 2], { _ in Int?.none }) { parts in
            collations += 1
            return parts
        }
        #expect(none == nil && collations == 0)
        #expect(Available(of: [Int](), { Optional($0) }) { $0 } == nil)
    }

    private struct Fault: Error {}

    @Test func errorsOfPartsAndOfCollationComeThrough() {
        #expect(throws: Fault.self) { try Available(of: [1], { _ throws -> Int? in throw Fault() }) { $0 } }
        #expect(throws: Fault.self) { try Available(of: [1], { Optional($0) }) { _ throws -> [Int] in throw Fault() } }
    }

    @Test func rowsThatAreNotAscendingStop() async {
        for rows in [[1, 1], [2, 1], [-1], [3]] {
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [rows = rows as [Int]] in
                _ = Available(rows, rows: rows, of: 3)
            }
            let errors = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
            #expect(errors.contains("Available: rows \(rows) are not ascending places in 0 ..< 3"), "\(errors)")
        }
    }

    @Test func tokensAreSlicedWithTheirMasks() {
        let tokens = Tokens([[1, 2, 3], [4], [5, 6]], length: 4, padding: 9)
        let part = tokens.rows(in: 1..<3)
        #expect(tokens.rowCount == 3 && part.rowCount == 2 && part.length == 4)
        #expect(part.ids.integerScalars == [4, 9, 9, 9, 5, 6, 9, 9])
        #expect(part.mask.bytes == [1, 0, 0, 0, 1, 1, 0, 0])
        #expect(tokens.rows(in: 1..<1).rowCount == 0)
    }

    @Test func waveformsAreSlicedWithTheirLengths() {
        let waveform = Waveform([[0.5], [0.25, 1, 2], []], rate: 8000)
        let part = waveform.rows(in: 1..<3)
        #expect(waveform.rowCount == 3 && part.rowCount == 2)
        #expect(part.samples.scalars == [0.25, 1, 2, 0, 0, 0] && part.lengths == [3, 0] && part.rate == 8000)
    }

    @Test func tensorsAreSlicedAlongTheirFirstAxis() {
        let tensor = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])
        #expect(tensor.rowCount == 3 && tensor.rows(in: 1..<3).scalars == [3, 4, 5, 6])
    }

    @Test func meansOfStepsLeaveOutPadding() {
        let steps = Tensor([1, 2, 3, 4, 100, 100, 5, 6, 7, 8, 9, 10, 100, 100, 100, 100, 100, 100], shape: [3, 3, 2])
        let mask = Tensor([1, 1, 0, 1, 1, 1, 0, 0, 0] as [UInt8], shape: [3, 3])
        #expect(steps.meanOfSteps(mask: mask).scalars == [2, 3, 7, 8, 0, 0])
        #expect(steps.rows(in: 1..<2).meanOfSteps(mask: nil).scalars == [7, 8])
    }
}
