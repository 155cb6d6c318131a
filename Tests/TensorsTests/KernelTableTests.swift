import ConcordTensors
import Foundation
import TestSupport
import Testing

/// Tables of the fastest kernels: what they choose, and what of them another machine follows.
struct KernelTableTests {
    /// A measured table: another library, and another method for one class of convolutions.
    private func table(method: String = "SmallMapGEMM") throws -> KernelTable {
        var table = KernelTable.standard.resolved
        table.matmul?.library = .openBLAS
        table.matmul?.packs = false
        table.bfloat16Gain = 2.125
        let problems = try #require(
            ConvolutionPlan.problems(
                of: .forward, input: [16, 14, 14, 128], weight: [128, 128, 3, 3], padding: (1, 1), isBFloat16: false))
        table.convolutions = [ConvolutionRule(problems: problems, method: method, gain: 1.25)]
        return table
    }

    private func forward(_ input: [Int], _ weight: [Int], in table: KernelTable) -> String {
        withKernels(table) {
            ConvolutionPlan(
                input: input, weight: weight, stride: (1, 1), padding: (1, 1), groups: 1, isBFloat16: false,
                hasBias: false
            ).forward
        }
    }

    @Test func aTableComesBackFromJSONAsItWas() throws {
        let table = try table()
        let json = try JSONEncoder().encode(table)
        #expect(try JSONDecoder().decode(KernelTable.self, from: json) == table)
        var forced = table.forcing(.oneDNN)
        forced.forcedConvolution = "DirectConvolution"
        #expect(try JSONDecoder().decode(KernelTable.self, from: JSONEncoder().encode(forced)) == table, "not forced")
        let standard = try JSONEncoder().encode(KernelTable.standard)
        #expect(try JSONDecoder().decode(KernelTable.self, from: standard) == .standard)
    }

    @Test func aRuleHoldsForItsClassOfConvolutionsAlone() throws {
        let table = try table(), standard = KernelTable.standard
        #expect(forward([16, 14, 14, 128], [128, 128, 3, 3], in: table) == "SmallMapGEMM")
        #expect(forward([16, 14, 14, 128], [128, 128, 3, 3], in: standard) != "SmallMapGEMM")
        #expect(forward([32, 16, 16, 150], [130, 150, 3, 3], in: table) == "SmallMapGEMM", "the same class")
        for (input, weight) in [
            ([16, 28, 28, 128], [128, 128, 3, 3]), ([16, 14, 14, 256], [256, 256, 3, 3]),
            ([2, 14, 14, 128], [128, 128, 3, 3]), ([16, 14, 14, 128], [128, 128, 5, 5]),
        ] {
            #expect(forward(input, weight, in: table) == forward(input, weight, in: standard), "\(input) \(weight)")
        }
    }

    @Test func aRuleWhoseMethodCannotSolveTheProblemIsPassedOver() throws {
        let table = try table(method: "ImplicitGEMM1D"), input = [16, 14, 14, 128], weight = [128, 128, 3, 3]
        #expect(forward(input, weight, in: table) == forward(input, weight, in: .standard))
    }

    @Test func whatThisMachineCannotDoIsLeftOutAndNamed() throws {
        var foreign = try table(method: "FourierConvolution")
        foreign.matmul?.splits = true
        let (own, missing) = foreign.supported()
        #expect(own.convolutions.isEmpty && missing.contains("convolutions by FourierConvolution"))
        #expect(missing.contains("float32 products on AMX's tiles") == !BFloat16x3GEMM.isAvailable)
        #expect(own.matmul?.splits == BFloat16x3GEMM.isAvailable)
        #expect(own.matmul?.library == .openBLAS)
        let usual = try table().supported()
        let whole = try table()
        #expect(usual.missing.isEmpty && usual.table == whole)
    }

    @Test func theFirstThingThatDiffersBetweenMachinesIsNamed() {
        let own = KernelMachine.current
        #expect(own.difference(from: own) == nil)
        var other = own
        other.processor = "Another Processor"
        #expect(other.difference(from: own) == "Another Processor, not \(own.processor)")
        other = own
        other.oneDNN = "9.9.9"
        #expect(other.difference(from: own) == "oneDNN 9.9.9, not oneDNN \(own.oneDNN)")
        #expect(other.fileName != own.fileName && own.fileName.hasPrefix("kernels-") && own.fileName.hasSuffix(".json"))
        #expect(own.fileName.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0)) })
        other = own
        other.methods.append("FourierConvolution")
        #expect(other.difference(from: own)?.contains("methods") == true)
        #expect(other.fileName == own.fileName, "the file of a newer version replaces that of an older one")
    }

    @Test func measuringComparesTheWaysAndKeepsWhatIsFaster() throws {
        var comparisons: [KernelComparison] = []
        let tuning = KernelTuning(isQuick: true), table = tuning.table { comparisons.append($0) }
        #expect(table.machine == .current && table.threads == Threads.count && table.matmul != nil)
        #expect((table.bfloat16Gain != nil) == Processor.hasBFloat16)
        #expect(comparisons.count >= 4 && comparisons.count <= tuning.count)
        for c in comparisons {
            #expect(c.seconds[c.standard] ?? 0 > 0 && c.seconds[c.fastest] ?? 0 > 0, "\(c)")
            #expect(c.fastest == c.standard ? c.gain == 1 : c.gain > 1.05, "\(c)")
        }
        let better = comparisons.filter { $0.problem.contains("convolution, ") && $0.fastest != $0.standard }
        #expect(table.convolutions.map(\.method).sorted() == better.map(\.fastest).sorted())
        #expect(table.supported().missing.isEmpty)
    }
}
