import ConcordDatasets
import ConcordTensors
import TestSupport
import Testing

struct ViewTests {
    private let image = scene(60, 40)
    private func key(_ i: Int) -> RandomKey { RandomKey(seed: 7).derived(i) }

    @Test func randomPartsKeepToTheirScaleAndShape() {
        let crop = RandomResizedCrop(to: 8, scale: 0.2...0.5)
        for i in 0..<500 {
            let part = crop.rectangle(width: 300, height: 200, using: key(i))
            let area = Float(part.width * part.height) / 60000, shape = Float(part.width) / Float(part.height)
            #expect((0.19...0.51).contains(area) && (0.73...1.36).contains(shape), "\(part)")
            #expect(part.x >= 0 && part.y >= 0 && part.x + part.width <= 300 && part.y + part.height <= 200, "\(part)")
        }
    }

    @Test func theMeanAreaOfRandomPartsIsTheMiddleOfTheScale() {
        let crop = RandomResizedCrop(to: 8, scale: 0.2...0.6, ratio: 1...1)
        let areas = (0..<4000).map { i in
            let part = crop.rectangle(width: 500, height: 500, using: key(i))
            return Double(part.width * part.height) / 250_000
        }
        #expect(abs(areas.reduce(0, +) / 4000 - 0.4) < 0.01)
    }

    @Test func anImageTooLongForAnyShapeGivesItsMiddle() {
        let crop = RandomResizedCrop(to: 8, scale: 1...1)
        #expect(
            crop.rectangle(width: 400, height: 30, using: key(0)) == PixelRectangle(x: 180, y: 0, width: 40, height: 30)
        )
        #expect(
            crop.rectangle(width: 30, height: 400, using: key(0)) == PixelRectangle(x: 0, y: 180, width: 30, height: 40)
        )
        #expect(crop.rectangle(width: 1, height: 1, using: key(0)) == PixelRectangle(x: 0, y: 0, width: 1, height: 1))
    }

    @Test func aRandomPartOfAFileEqualsThatOfTheDecodedImage() throws {
        let file = try EncodedImage(image.jpegData()), whole = try file.decoded()
        for i in 0..<30 {
            #expect(try file.randomResizedCrop(to: 30, using: key(i)) == whole.randomResizedCrop(to: 30, using: key(i)))
        }
    }

    @Test func viewsAreAFunctionOfTheirKey() {
        let views = SimCLRViews(size: 24)
        for i in 0..<20 { #expect(views(image, using: key(i)) == views(image, using: key(i))) }
        #expect(Set((0..<20).map { views(image, using: key($0)).pixels.bytes }).count == 20)
        let (a, b) = views.pair(of: image, using: key(0))
        #expect(a != b && a.width == 24 && a.height == 24)
    }

    @Test func probabilitiesHold() {
        var views = SimCLRViews(size: 16)
        (views.jitterProbability, views.blurProbability) = (0, 0)
        let gray = (0..<600).filter { views(image, using: key($0)).isGray }.count
        #expect((90...150).contains(gray), "0.2 of 600 views are gray, not \(gray)")
        let flipped = (0..<600).filter { image.flippedRandomly(using: key($0)) != image }.count
        #expect((250...350).contains(flipped))
    }

    @Test func cifarViewsHaveHalfTheStrengthAndNoBlur() {
        #expect(SimCLRViews.cifar.blurProbability == 0 && SimCLRViews.cifar.crop.size == 32)
        #expect([SimCLRViews.cifar.jitter.brightness, SimCLRViews.cifar.jitter.hue] == [0.4, 0.1])
        #expect([SimCLRViews().jitter.contrast, SimCLRViews().jitter.hue] == [0.8, 0.2])
    }

    @Test func jitterOfNothingChangesNothing() { #expect(ColorJitter()(image, using: key(1)) == image) }

    /// Each result is that of the four changes, with the factors that the key draws, in one order; all orders come up.
    @Test func jitterMakesAllOrders() {
        let jitter = ColorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1)
        var orders: Set<[Int]> = []
        for n in 0..<200 {
            var random = key(n).derived("color jitter").sequence
            let factors = (0..<3).map { _ in random.uniform(in: max(0, 1 - jitter.contrast)...1 + jitter.contrast) }
            let turn = random.uniform(in: -jitter.hue...jitter.hue)
            let changes: [(Image) -> Image] = [
                { $0.withBrightness(factors[0]) }, { $0.withContrast(factors[1]) }, { $0.withSaturation(factors[2]) },
                { $0.withHue(turnedBy: turn) },
            ]
            let result = jitter(image, using: key(n))
            let equal = Self.permutations.filter { order in order.reduce(image) { changes[$1]($0) } == result }
            #expect(!equal.isEmpty)
            if equal.count == 1 { orders.insert(equal[0]) }
        }
        #expect(orders.count == 24)
    }

    /// The orders of four things.
    private static let permutations = (0..<256).map { [$0 / 64, $0 / 16 % 4, $0 / 4 % 4, $0 % 4] }
        .filter { Set($0).count == 4 }

    @Test func evaluationShowsTheMiddleOfTheImage() throws {
        let view = CLIPTransform.evaluation(20)(image)
        #expect(
            view == image.resized(width: 30, height: 20).cropped(to: PixelRectangle(x: 5, y: 0, width: 20, height: 20)))
        let file = try EncodedImage(image.jpegData())
        #expect(try CLIPTransform.evaluation(20)(file) == CLIPTransform.evaluation(20)(file.decoded()))
    }

    @Test(arguments: [(1, 1), (1, 60_000), (65_000, 2)]) func everyShapeHasItsViews(width: Int, height: Int) throws {
        let pixels = (0..<3 * width * height).map { UInt8(truncatingIfNeeded: $0 / 3 % 7) }
        let image = Image(pixels: Tensor(pixels, shape: [height, width, 3]))
        let file = try EncodedImage(image.jpegData())
        let random = SimCLRViews(size: 32), key = key(1)
        let views = [
            CLIPTransform.evaluation(224)(image), try CLIPTransform.evaluation(224)(file),
            CLIPTransform.training(224)(image, using: key),
            try CLIPTransform.training(224)(file, using: key),
        ]
        #expect(views.allSatisfy { $0.width == 224 && $0.height == 224 })
        let small = [random(image, using: key), try random(file, using: key)]
        #expect(small.allSatisfy { $0.width == 32 && $0.height == 32 })
    }

    @Test func trainingShowsNearlyTheWholeImage() {
        let square = scene(50, 50), view = CLIPTransform.training(20)(square, using: key(3))
        #expect([view.width, view.height] == [20, 20] && view != CLIPTransform.training(20)(square, using: key(4)))
    }

    @Test func mirrorsAndTurnsUndoThemselves() {
        #expect(
            image.flippedHorizontally().flippedHorizontally() == image
                && image.flippedHorizontally()[0, 3] == image[59, 3])
        #expect(image.flippedVertically()[5, 0] == image[5, 39])
        let square = scene(21, 21)
        #expect(
            square.rotated(byDegrees: 90).rotated(byDegrees: 270) == square
                && square.rotated(byDegrees: 90)[0, 0] == square[20, 0])
    }
}

extension Image {
    fileprivate var isGray: Bool {
        let bytes = pixels.bytes
        return bytes.indices.allSatisfy { bytes[$0] == bytes[$0 - $0 % 3] }
    }
}
