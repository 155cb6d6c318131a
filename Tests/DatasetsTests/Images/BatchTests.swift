import ConcordDatasets
import ConcordTensors
import TestSupport
import Testing

struct BatchTests {
    /// The definition, one number at a time.
    private func normalized(_ images: [Image], _ n: Normalization, _ part: PixelRectangle, _ flips: [Bool]) -> Tensor {
        var scalars: [Float] = []
        for (image, flip) in zip(images, flips) {
            for y in 0..<part.height {
                for x in 0..<part.width {
                    let color = image[part.x + (flip ? part.width - 1 - x : x), part.y + y]
                    for (c, value) in [color.red, color.green, color.blue].enumerated() {
                        scalars.append((Float(value) / 255 - n.mean[c]) / n.std[c])
                    }
                }
            }
        }
        return Tensor(scalars, shape: [images.count, part.height, part.width, 3])
    }

    @Test(arguments: [1, 4, 5, 6, 11, 16, 17, 64])
    func aBatchIsCutFlippedAndNormalized(width: Int) {
        let images = (0..<3).map { scene(width + 3, 9).withHue(turnedBy: Float($0) * 0.1) }
        let part = PixelRectangle(x: 2, y: 1, width: width, height: 7), flips = [true, false, true]
        for n in [Normalization.clip, .imageNet, .none] {
            expectClose(
                Tensor(normalizing: images, n, crop: part, flips: flips), normalized(images, n, part, flips),
                tolerance: 1e-6)
        }
    }

    @Test func flippingTheWholeImageReadsNothingBesideIt() {
        let image = scene(64, 1), whole = PixelRectangle(x: 0, y: 0, width: 64, height: 1)
        expectClose(
            Tensor(normalizing: [image], .clip, flips: [true]), normalized([image], .clip, whole, [true]),
            tolerance: 1e-6)
    }

    @Test func stackingNormalizesWithCLIPsNumbers() {
        let images = [scene(8, 6), scene(8, 6).grayscale()]
        expectClose(
            Tensor.stack(images),
            normalized(images, .clip, PixelRectangle(x: 0, y: 0, width: 8, height: 6), [false, false]),
            tolerance: 1e-6)
    }
}
