import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Jigsaw, relative patch position, colorization and masked feature maps: `Tests/Fixtures/pretexts.py`.
struct PretextTests {
    private let fixture = Fixture("pretexts")

    /// A linear layer over all pixels, then tanh.
    final class Flat: FeatureEncoder {
        let linear: Linear
        let outputDimension = 5
        init(pixels: Int) { linear = Linear(pixels, 5) }
        func callAsFunction(_ x: Tensor) -> Tensor { linear(x.reshaped([x.shape[0], -1])).tanh() }
    }

    /// One convolution of stride 4, then tanh.
    final class Map: FeatureMapEncoder {
        let conv = Conv2d(3, 6, kernel: 4, stride: 4)
        let outputDimension = 6, mapDimension = 6, stride = 4
        func features(_ images: Tensor) -> Tensor { conv(images).tanh() }
        func callAsFunction(_ images: Tensor) -> Tensor { features(images).globalAveragePooled() }
    }

    private func check(_ name: String, _ module: some Module, _ loss: () -> Loss) throws {
        module.filled(prefix: name + ".")
        let (value, gradients) = valueWithGradient { loss() }
        expectClose(value.total.reshaped([1]), fixture["\(name)/loss"], name)
        checkGradients(gradients, of: module, name, in: fixture, tolerance: 2e-5)
    }

    private var corners: [[[Int]]] {
        let all = fixture["corners"].integerScalars.map { Int($0) }
        return (0..<2).map { n in (0..<9).map { [all[18 * n + 2 * $0], all[18 * n + 2 * $0 + 1]] } }
    }

    @Test func puzzlesAndPositionsEqualTheirPapersLoops() throws {
        let images = hashed("tiles images", [2, 9, 9, 3]), grid = TileGrid(3, gap: 1)
        let jigsaw = JigsawPuzzle(
            Flat(pixels: 12), grid: grid, permutations: PermutationSet(3, of: 9), width: 4, hidden: 6)
        try check("jigsaw", jigsaw) { jigsaw(images, orders: [2, 1], corners: corners) }
        let position = RelativePatchPosition(Flat(pixels: 12), gap: 1, width: 4, hidden: 6)
        try check("position", position) { position(images, corners: corners) }
    }

    @Test(arguments: [(24, 4), (40, 9)]) func permutationsAreChosenGreedily(count: Int, length: Int) {
        let chosen = PermutationSet(count, of: length)
        let expected = fixture["permutations of \(length)"].integerScalars.map { Int($0) }
        #expect((0..<count).flatMap { chosen[$0] } == expected)
    }

    @Test func aHundredOrdersDifferInSixPlacesAtLeast() {
        let set = PermutationSet(100, of: 9), orders = (0..<100).map { set[$0] }
        #expect(orders.allSatisfy { $0.sorted() == Array(0..<9) })
        var least = 9
        for (place, order) in orders.enumerated() {
            for other in orders[..<place] { least = min(least, zip(order, other).count { $0 != $1 }) }
        }
        #expect(least == 6)  // 3 in the 701 of the paper's authors
    }

    @Test func tilesStayInTheirCellsAndFollowFromTheSampleAlone() {
        let keys = (0..<300).map { RandomKey(seed: 4).derived($0) }
        #expect(TileGrid().sizes(of: 255) == (85, 64))  // the paper's
        let all = TileGrid().corners(imageSize: 32, keys: keys)
        var offsets: Set<Int> = []
        for corners in all {
            for (place, corner) in corners.enumerated() {
                offsets.insert(corner[0] - place / 3 * 10)
                offsets.insert(corner[1] - place % 3 * 10)
            }
        }
        #expect(offsets == [0, 1, 2])  // of cells of 10 with tiles of 8
        #expect(TileGrid().corners(imageSize: 32, keys: [keys[7]])[0] == all[7])
        let fixed = TileGrid(2, gap: 4, jitter: 0).corners(imageSize: 16, keys: [keys[0]])
        #expect(fixed == [[[2, 2], [2, 10], [10, 2], [10, 10]]])
    }

    /// With a classifier of zeros every class has the same probability.
    @Test func atChanceTheLossesAreTheLogarithmsOfTheirClasses() {
        let images = hashed("images", [4, 16, 16, 3])
        func zeroed(_ linear: Linear) {
            linear.weight.assign(Tensor(zeros: linear.weight.shape))
            linear.bias?.assign(Tensor(zeros: [linear.weight.shape[0]]))
        }
        let jigsaw = JigsawPuzzle(ResNet(depth: 18, stem: .cifar, width: 2), permutations: PermutationSet(30, of: 9))
            .initialize(seed: 0)
        zeroed(jigsaw.head.classifier)
        #expect(abs(jigsaw(images).total.item - log(30)) < 1e-5)
        let position = RelativePatchPosition(ResNet(depth: 18, stem: .cifar, width: 2)).initialize(seed: 0)
        zeroed(position.head.classifier)
        #expect(abs(position(images).total.item - log(8)) < 1e-5)
        let color = Colorization(
            ResNet(depth: 18, stem: .cifar, width: 2), mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]
        ).initialize(seed: 0)
        zeroed(color.classifier)
        #expect(color.cell == 4)
        #expect(abs(color(images).total.item - log(Float(color.bins.count))) < 1e-5)
    }

    @Test func microbatchesOfTilesAreExact() throws {
        let jigsaw = JigsawPuzzle(Flat(pixels: 48), permutations: PermutationSet(20, of: 9)).initialize(seed: 1)
        let images = hashed("images", [5, 16, 16, 3])
        let (loss, expected) = valueWithGradient { jigsaw(images) }
        let (parts, gradients) = try valueWithGradient(of: jigsaw, images, microbatch: 2)
        expectClose(parts.total, loss.total)
        for (path, parameter) in ParameterWalk(jigsaw).parameters {
            expectClose(try #require(gradients[parameter]), try #require(expected[parameter]), path)
        }
    }

    @Test func colorsBecomeLabAndBins() throws {
        expectClose(LabColor.lab(fixture["colors"]), fixture["lab"])
        let bins = ColorBins(), centers = fixture["centers"].integerScalars.map { Float($0) }
        #expect(bins.centers == centers)
        #expect(bins.count == 260)
        let (nearest, weights) = bins.encoded(Tensor([0, 0, 1, 0.5, 300, 300], shape: [3, 2]))
        let places = nearest.integerScalars.map { Int($0) }, gray = try #require(
            (0..<260).first { bins.centers[2 * $0] == 0 && bins.centers[2 * $0 + 1] == 0 })
        #expect(places[0] == gray && places[10] == gray)
        let w = weights.scalars
        for row in 0..<3 { #expect(abs(w[10 * row..<10 * row + 10].reduce(0, +) - 1) < 1e-6) }
        #expect(abs(w[1] / w[0] - exp(-2)) < 1e-6)  // 10 apart: exp(-100 / 50)
    }

    @Test func colorizationEqualsItsPapersLoops() throws {
        let color = Colorization(Map(), mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], doublings: 1, width: 5)
        let pixels = (hashed("color images", [2, 8, 8, 3]) + 1) / 2
        let images = (pixels - Tensor([0.4, 0.5, 0.6], shape: [3])) / Tensor([0.2, 0.25, 0.3], shape: [3])
        try check("color", color) {
            color.frequencies.assign(fixture["frequencies"])
            return color(images)
        }
        expectClose(color.frequencies.value, fixture["color/frequencies"], tolerance: 2e-5)
    }

    @Test func maskedFeatureMapsEqualTheirLoops() throws {
        let model = MaskedFeatureMap(Map())
        try check("masked", model) {
            model(hashed("masked images", [2, 8, 8, 3]), masked: MaskedPatches([[0, 3], [1, 2]], of: 4))
        }
    }

    /// As many as asked for, most of them in rectangles: neighbors of masked squares are often masked too.
    @Test func rectanglesMaskAsManySquaresTogether() {
        let keys = (0..<200).map { RandomKey(seed: 2).derived($0) }
        func neighbors(_ form: PatchMasking.Form) -> Double {
            let masked = PatchMasking(fraction: 0.4, form: form)(rows: 14, columns: 14, keys: keys)
            let cells = Set(masked.masked.integerScalars.map { Int($0) })
            #expect(cells.count == 200 * 79)  // 0.4 · 196, rounded up
            let pairs = cells.filter { $0 % 14 != 13 }
            return Double(pairs.count { cells.contains($0 + 1) }) / Double(pairs.count)
        }
        let (alone, together) = (neighbors(.squares), neighbors(.rectangles))
        #expect(abs(alone - 0.4) < 0.02 && together > 0.65, "\(alone) \(together)")
    }
}
