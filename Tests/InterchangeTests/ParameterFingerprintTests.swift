import ConcordInterchange
import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

@Suite struct WeightsFingerprintTests {
    private let folder = TemporaryFolder()

    @Test func aCheckpointHasTheFingerprintOfItsModule() throws {
        let one = Linear(3, 2), other = Linear(3, 2)
        one.initialize(seed: 1)
        other.initialize(seed: 2)
        #expect(one.fingerprint().count == 16 && one.fingerprint() != other.fingerprint())
        let path = folder.file("one.safetensors")
        try Safetensors.write(one.stateDictionary().reversed(), metadata: ["step": "3"], to: path)
        #expect(try Safetensors(path: path).fingerprint() == one.fingerprint())
        try other.load(Safetensors(path: path))
        #expect(other.fingerprint() == one.fingerprint())
    }
}
