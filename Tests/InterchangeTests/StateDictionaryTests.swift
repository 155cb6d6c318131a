import ConcordInterchange
import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

@Suite struct StateDictionaryTests {
    private let folder = TemporaryFolder()

    private final class Net: Module {
        let layer1 = Linear(2, 3)
        let norm = BatchNorm(3)
    }

    private final class Tied: Module {
        let first: Linear
        let second: Linear
        init() {
            first = Linear(2, 2, bias: false)
            second = first
        }
    }

    private func file(_ tensors: [(name: String, tensor: Tensor)]) throws -> Safetensors {
        try Safetensors.write(tensors, to: folder.file("a"))
        return try Safetensors(path: folder.file("a"))
    }

    private func problems(_ body: () throws -> Void) throws -> String {
        try #require(throws: InterchangeError.self, performing: body).description
    }

    @Test func everyValueGoesThroughAFile() throws {
        let source = Net().filled(prefix: "s."), target = Net().initialize(seed: 1)
        try target.load(try file(source.stateDictionary()))
        for (a, b) in zip(target.stateDictionary(), source.stateDictionary()) {
            #expect(a.name == b.name)
            #expect(a.tensor.scalars == b.tensor.scalars)
        }
        #expect(
            source.stateDictionary().map(\.name) == [
                "layer1.weight", "layer1.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
            ])
    }

    @Test func allDisagreementsStandInOneErrorAndNothingChanges() throws {
        let net = Net().filled(prefix: "s.")
        let before = net.stateDictionary().map(\.tensor.scalars)
        let text = try problems {
            try net.load(
                file([
                    ("layer1.weight", Tensor(zeros: [3, 5])), ("layer1.bais", Tensor(zeros: [3])),
                    ("head.weight", Tensor(1)),
                    ("norm.weight", Tensor([1, 2, 3] as [Int32], shape: [3])), ("norm.bias", Tensor(zeros: [3])),
                    ("norm.running_mean", Tensor(zeros: [3])), ("norm.running_var", Tensor(zeros: [3])),
                ]))
        }
        #expect(text.contains("layer1.weight has shape [3, 5] in the file, [3, 2] in the model"))
        #expect(text.contains("norm.weight holds I32 in the file"))
        #expect(text.contains(#"missing in the file: layer1.bias (did you mean "layer1.bais"?)"#))
        #expect(text.contains("unknown to the model: ") && text.contains("head.weight"))
        #expect(!text.contains("\n"))
        #expect(net.stateDictionary().map(\.tensor.scalars) == before)
    }

    @Test func prefixesAllowWhatIsMissingOrTooMuch() throws {
        let net = Net().filled(prefix: "s.")
        let part = try file([
            ("layer1.weight", Tensor(ones: [3, 2])), ("layer1.bias", Tensor(ones: [3])), ("head.weight", Tensor(1)),
        ])
        try net.load(part, allowingMissing: ["norm."], allowingUnexpected: ["head."])
        #expect(net.layer1.bias?.stored.scalars == [1, 1, 1])
        #expect(net.norm.bias.stored.scalars == hashedParameter("s.norm.bias", [3]).scalars)
    }

    @Test func keysAreRenamedOrPassedOver() throws {
        let source = Net().filled(prefix: "s."), target = Net()
        let renamed =
            source.stateDictionary().map { (name: "module." + $0.name, tensor: $0.tensor) } + [
                (name: "epoch", tensor: Tensor(1))
            ]
        try target.load(file(renamed)) { $0.hasPrefix("module.") ? String($0.dropFirst(7)) : nil }
        #expect(target.layer1.weight.stored.scalars == source.layer1.weight.stored.scalars)
        let text = try problems {
            try target.load(file(renamed + [(name: "norm.bias", tensor: Tensor(ones: [3]))])) {
                $0 == "epoch" ? nil : String($0.dropFirst($0.hasPrefix("module.") ? 7 : 0))
            }
        }
        #expect(text.contains("both go to norm.bias"))
    }

    @Test func tiedValuesAreStoredOnceAndFoundUnderEitherName() throws {
        let tied = Tied().filled(prefix: "t.")
        #expect(tied.stateDictionary().map(\.name) == ["first.weight"])
        try tied.load(file([("second.weight", Tensor(ones: [2, 2]))]))
        #expect(tied.first.weight.stored.scalars == [1, 1, 1, 1])
        try tied.load(file([("first.weight", Tensor(zeros: [2, 2])), ("second.weight", Tensor(zeros: [2, 2]))]))
        #expect(tied.first.weight.stored.scalars == [0, 0, 0, 0])
    }

    @Test func anotherModelsFileIsRefusedAtOnce() throws {
        let many = (0..<2000).map { (name: "transformer.resblocks.\($0).weight", tensor: Tensor(1)) }
        let text = try problems { try Net().load(file(many)) }
        #expect(text.contains("transformer.resblocks.1999.weight"))
    }
}
