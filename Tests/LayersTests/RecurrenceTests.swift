import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

/// GRU and LSTM against PyTorch's: `Tests/Fixtures/recurrence.py`.
@Suite struct RecurrenceTests {
    enum Kind: String, CaseIterable, Sendable {
        case gru, lstm

        func layer(_ inputs: Int, hidden: Int, layers: Int = 1, bias: Bool = true) -> any SequenceLayer {
            switch self {
            case .gru: GRU(inputs, hidden: hidden, layers: layers, bias: bias)
            case .lstm: LSTM(inputs, hidden: hidden, layers: layers, bias: bias)
            }
        }

        var gates: Int { self == .gru ? 3 : 4 }
    }

    private let fixture = Fixture("recurrence")

    /// A mask of sequences that end after so many steps.
    private func mask(_ lengths: [Int], of steps: Int) -> Tensor {
        Tensor(
            lengths.flatMap { length in (0..<steps).map { $0 < length ? 1 : 0 as UInt8 } },
            shape: [lengths.count, steps])
    }

    private func check(_ name: String, _ layer: any SequenceLayer, _ shape: [Int], mask: Tensor? = nil) {
        checkModule(layer, name, in: fixture, inputs: [("x", hashed(name + ".x", shape))]) { layer($0[0], mask: mask) }
    }

    @Test(arguments: Kind.allCases)
    func statesAndGradientsArePyTorchs(_ kind: Kind) {
        let name = kind.rawValue
        check(name, kind.layer(5, hidden: 7), [3, 6, 5])
        check(name + "_layers", kind.layer(4, hidden: 11, layers: 3), [2, 5, 4])
        check(name + "_without_bias", kind.layer(3, hidden: 16, bias: false), [4, 3, 3])
        check(name + "_wide", kind.layer(8, hidden: 36), [9, 5, 8])
    }

    @Test(arguments: Kind.allCases)
    func oneStepAndOneSampleArePyTorchs(_ kind: Kind) {
        check(kind.rawValue + "_one_step", kind.layer(6, hidden: 5), [3, 1, 6])
        check(kind.rawValue + "_one_sample", kind.layer(6, hidden: 19), [1, 9, 6])
    }

    @Test(arguments: Kind.allCases)
    func sequencesOfSeveralLengthsArePyTorchsPacked(_ kind: Kind) {
        check(
            kind.rawValue + "_masked", kind.layer(5, hidden: 6, layers: 2), [4, 7, 5], mask: mask([7, 3, 1, 5], of: 7))
    }

    @Test(arguments: Kind.allCases)
    func paddingChangesNothingAndIsZero(_ kind: Kind) {
        let layer = kind.layer(5, hidden: 6, layers: 2)
        layer.filled(prefix: "padding.")
        let x = hashed("x", [2, 4, 5]), noise = hashed("noise", [2, 3, 5])
        let plain = layer(x), padded = layer(.concatenated([x, noise], axis: 1), mask: mask([4, 4], of: 7))
        expectClose(padded.sliced(0..<4, axis: 1), plain)
        #expect(padded.sliced(4..<7, axis: 1).scalars.allSatisfy { $0 == 0 })
    }

    @Test(arguments: Kind.allCases)
    func aStateStandsStillInStepsThatAreNotReal(_ kind: Kind) {
        let layer = kind.layer(5, hidden: 6)
        layer.filled(prefix: "freeBlock.")
        let x = hashed("x", [1, 5, 5])
        let holed = layer(x, mask: Tensor([1, 0, 1, 0, 1] as [UInt8], shape: [1, 5]))
        let real = Tensor([0, 2, 4] as [Int32], shape: [3])
        expectClose(holed.gathered(at: real, axis: 1), layer(x.gathered(at: real, axis: 1)))
    }

    @Test(arguments: Kind.allCases)
    func gradientsEqualCentralDifferences(_ kind: Kind) {
        let h = 3, rows = kind.gates * h
        let weight = hashed("w", [rows, h]), bias = hashed("b", [rows]), inputs = hashed("x", [2, 4, rows])
        for mask in [nil, mask([4, 2], of: 4)] {
            switch kind {
            case .gru:
                checkGradients(of: inputs, weight, bias) {
                    $0[0].gru(weight: $0[1], bias: $0[2], mask: mask)
                }
                checkGradients(of: inputs, weight) { $0[0].gru(weight: $0[1], mask: mask) }
            case .lstm:
                checkGradients(of: inputs, weight) { $0[0].lstm(weight: $0[1], mask: mask) }
            }
        }
    }

    /// With zero weights every gate is 1/2 and the GRU's candidate the tanh of its input: h' = (n + h) / 2.
    @Test func withoutWeightsAGRUIsARunningMean() {
        let x = Tensor([0, 0, 0.5, 0, 0, -1], shape: [1, 2, 3])
        let y = x.gru(weight: Tensor(zeros: [3, 1]))
        let first = Tensor(0.5).tanh().item / 2, second = (first + Tensor(-1).tanh().item) / 2
        expectClose(y, Tensor([first, second], shape: [1, 2, 1]))
    }

    /// Gates far open and shut: the cell keeps its initial value.
    @Test func anLSTMKeepsWhatItsGatesKeep() {
        let open: Float = 40
        let x = Tensor([open, open, 0.3, open, -open, open, 0.9, open], shape: [1, 2, 4])
        let y = x.lstm(weight: Tensor(zeros: [4, 1]))
        let kept = Tensor(0.3).tanh().tanh().item
        expectClose(y, Tensor([kept, kept], shape: [1, 2, 1]))
    }

    @Test(arguments: Kind.allCases)
    func theNumberOfThreadsChangesNothing(_ kind: Kind) async {
        let layer = kind.layer(16, hidden: 32)
        layer.filled(prefix: "threads.")
        let x = hashed("x", [40, 12, 16]), expected = layer(x)
        await withTaskGroup(of: [Float].self) { group in
            for _ in 0..<3 { group.addTask { layer(x).scalars } }
            for await result in group { #expect(result == expected.scalars) }
        }
    }

    @Test(arguments: Kind.allCases)
    func keysAndFirstValuesArePyTorchs(_ kind: Kind) {
        let layer = kind.layer(3, hidden: 16, layers: 2).initialize(seed: 1)
        let walk = ParameterWalk(layer), names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
        #expect(walk.parameters.map(\.path) == (0..<2).flatMap { index in names.map { "\($0)_l\(index)" } })
        let rows = kind.gates * 16
        #expect(
            walk.parameters.map(\.parameter.shape) == [
                [rows, 3], [rows, 16], [rows], [rows], [rows, 16], [rows, 16], [rows], [rows],
            ])
        for (path, parameter) in walk.parameters {
            let largest = parameter.stored.abs().max().item
            #expect(largest <= 0.25 && largest > 0.2, "\(path)")
        }
        #expect(
            ParameterWalk(kind.layer(3, hidden: 4, bias: false)).parameters.map(\.path) == [
                "weight_ih_l0", "weight_hh_l0",
            ])
    }

    @Test(arguments: Kind.allCases)
    func emptyBatchesAndSequencesGiveEmptyStates(_ kind: Kind) {
        let layer = kind.layer(3, hidden: 4)
        #expect(layer(Tensor(zeros: [0, 5, 3])).shape == [0, 5, 4])
        #expect(layer(Tensor(zeros: [2, 0, 3])).shape == [2, 0, 4])
    }
}
