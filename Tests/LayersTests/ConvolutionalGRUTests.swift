import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

/// Against PyTorch's convolutions: `Tests/Fixtures/video.py`.
@Suite struct ConvolutionalGRUTests {
    private let fixture = Fixture("video")

    @Test(arguments: [("conv_gru", [5, 5]), ("conv_gru_padded", [5, 3])])
    func statesAndGradientsArePyTorchs(name: String, lengths: [Int]) {
        let layer = ConvolutionalGRU(2, hidden: 3, height: 3, width: 4)
        let bytes = lengths.flatMap { length in (0..<5).map { UInt8($0 < length ? 1 : 0) } }
        let mask = lengths.contains { $0 < 5 } ? Tensor(bytes, shape: [2, 5]) : nil
        checkModule(
            layer, name, in: fixture, inputs: [("maps", hashed("\(name).maps", [2, 5, 24]))]
        ) { layer($0[0], mask: mask) }
    }

    @Test func itIsTheRecurrenceOfVectorsOnMapsOfOnePlace() {
        let maps = ConvolutionalGRU(4, hidden: 3, height: 1, width: 1, kernel: 1), plain = GRU(4, hidden: 3)
        maps.filled(prefix: "gru.")
        plain.cells[0].inputWeight.assign(maps.inputs.weight.stored.reshaped([9, 4]))
        plain.cells[0].stateWeight.assign(maps.states.weight.stored.reshaped([9, 3]))
        if let own = maps.inputs.bias, let other = maps.states.bias {
            plain.cells[0].inputBias?.assign(own.stored)
            plain.cells[0].stateBias?.assign(other.stored)
        }
        let x = hashed("steps", [2, 6, 4])
        expectClose(maps(x), plain(x))
    }
}
