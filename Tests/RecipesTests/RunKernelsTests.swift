import ConcordDatasets
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// The kernels of a run are those that it was started with, whatever was measured since.
@Suite(.serialized) struct RunKernelsTests {
    private let folder = TemporaryFolder()
    /// Other kernels than the standard ones for every product and for 3x3 convolutions.
    private static let other: KernelTable = {
        var table = KernelTable.standard.resolved
        table.matmul?.library = Processor.matmulLibrary == .openBLAS ? .oneDNN : .openBLAS
        table.matmul?.packs = false
        let shapes = [(16, 16), (32, 16), (64, 16), (16, 8), (32, 8), (64, 8)]
        table.convolutions = shapes.flatMap { channels, size in
            [ConvolutionPass.forward, .inputGradient, .weightGradient].compactMap { pass in
                ConvolutionPlan.problems(
                    of: pass, input: [8, size, size, channels], weight: [channels, channels, 3, 3], padding: (1, 1),
                    isBFloat16: false
                ).map { ConvolutionRule(problems: $0, method: "SmallMapGEMM", gain: 1.5) }
            }
        }
        return table
    }()

    private func write() throws {
        var rows = "filepath\n"
        for n in 0..<16 {
            try Image(width: 16, height: 16, Image.Color(UInt8(12 * n), 90, UInt8(255 - 9 * n)))
                .write(jpeg: folder.file("\(n).jpg"))
            rows += "\(n).jpg\n"
        }
        try rows.write(toFile: folder.file("rows.tsv"), atomically: true, encoding: .utf8)
    }

    private func train(_ name: String, steps: Int, in table: KernelTable, resumed: Bool = false) throws {
        try withKernels(table) {
            try folder.train(
                name,
                """
                steps: 4
                precision: float32
                batch: 8
                data: {path: rows.tsv, columns: {image: filepath}, split: none}
                objective: {name: simclr, hidden: 16, dimension: 8}
                model: {image: {width: 16, stem: cifar}}
                views: {size: 16}
                schedule: {name: constant, warmup_steps: 0}
                checkpoint: {every: 2}
                """, ["steps=\(steps)"], resumed: resumed)
        }
    }

    private func fingerprint(_ name: String) throws -> String { try Run(folder.file(name)).fingerprint }

    @Test func aResumedRunHasTheBitsOfOneThatNeverStoppedAlsoAfterAnotherTableWasMade() throws {
        try write()
        try train("whole", steps: 4, in: .standard)
        try train("other", steps: 4, in: Self.other)
        #expect(try fingerprint("whole") != fingerprint("other"), "the tables compute alike: nothing is tested")
        try train("parts", steps: 2, in: .standard)
        try train("parts", steps: 4, in: Self.other, resumed: true)
        #expect(try fingerprint("parts") == fingerprint("whole"))
        try train("reverse", steps: 2, in: Self.other)
        try train("reverse", steps: 4, in: .standard, resumed: true)
        #expect(try fingerprint("reverse") == fingerprint("other"))
        // what the run says of images does not depend on the table of now either
        let images = (0..<4).map { folder.file("\($0).jpg") }
        let embedded = try Run(folder.file("other")).embed(images: images).scalars
        #expect(try withKernels(Self.other) { try Run(folder.file("other")).embed(images: images).scalars } == embedded)
    }

    @Test func aRunWithoutARecordGoesOnWithTheStandardKernels() throws {
        try write()
        try train("whole", steps: 4, in: .standard)
        try train("parts", steps: 2, in: .standard)
        try FileManager.default.removeItem(atPath: folder.file("parts/kernels.json"))
        try train("parts", steps: 4, in: Self.other, resumed: true)
        #expect(try fingerprint("parts") == fingerprint("whole"))
    }

    @Test func aDamagedRecordIsNamed() throws {
        try write()
        try train("run", steps: 2, in: .standard)
        let path = folder.file("run/kernels.json")
        try "{".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: RecipeError.self) { try train("run", steps: 4, in: .standard, resumed: true) }
        #expect(throws: RecipeError.self) { try Run(folder.file("run")) }
    }

    @Test func whatThisMachineCannotDoIsSaidAndDoneOtherwise() throws {
        try write()
        try train("run", steps: 2, in: .standard)
        let path = folder.file("run/kernels.json")
        var foreign = try JSONDecoder().decode(KernelTable.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        foreign.convolutions = Self.other.convolutions.prefix(1).map {
            ConvolutionRule(problems: $0.problems, method: "FourierConvolution", gain: 2)
        }
        try JSONEncoder().encode(foreign).write(to: URL(fileURLWithPath: path))
        var facts: [String] = []
        let session = try TrainingSession(
            recipe: nil, overrides: ["steps=4"], data: folder.file(""), directory: folder.file("run"), isResumed: true)
        try session.run(progress: .silent, catchesSignals: false) {
            if case .note(let text) = $0 { facts.append(text) }
        }
        #expect(facts.contains { $0.contains("convolutions by FourierConvolution") }, "\(facts)")
    }
}
