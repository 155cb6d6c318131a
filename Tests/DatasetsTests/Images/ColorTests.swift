import ConcordDatasets
import ConcordTensors
import TestSupport
import Testing

struct ColorTests {
    private let swatch = expected("swatch")

    @Test(arguments: [Float(0), 0.4, 1.6])
    func brightnessContrastAndSaturationEqualPillows(factor: Float) {
        expectSame(swatch.withBrightness(factor), "brightness \(factor)")
        expectSame(swatch.withContrast(factor), "contrast \(factor)")
        expectSame(swatch.withSaturation(factor), "saturation \(factor)")
    }

    @Test func aFactorOfOneChangesNothing() {
        #expect(
            swatch.withBrightness(1) == swatch && swatch.withContrast(1) == swatch && swatch.withSaturation(1) == swatch
        )
    }

    @Test(arguments: [Float(-0.3), 0.02, 0.5])
    func hueEqualsTorchvisions(turns: Float) { expectSame(swatch.withHue(turnedBy: turns), "hue \(turns)") }

    @Test func grayAndSolarizedEqualPillows() {
        expectSame(swatch.grayscale(), "gray")
        expectSame(swatch.solarized(), "solarized")
    }

    @Test(arguments: [(Float(0.8), 5), (2, 9)])
    func blurEqualsTheGaussianConvolution(sigma: Float, kernel: Int) {
        expectSame(swatch.blurred(sigma: sigma, kernel: kernel), "blur \(sigma)", levels: 1)
    }

    @Test(arguments: [Float(30), -75, 90, 180], [Image.Filter.nearest, .bilinear])
    func rotationEqualsPillows(degrees: Float, filter: Image.Filter) {
        expectSame(
            swatch.rotated(byDegrees: degrees, filter: filter, fill: Image.Color(9, 8, 7)),
            "rotated \(degrees) \(filter)",
            levels: filter == .bilinear ? 1 : 0)
    }

    @Test func anImageNarrowerThanAVectorIsBlurredToo() {
        let plain = Image(width: 3, height: 4, Image.Color(10, 20, 30))
        #expect(plain.blurred(sigma: 1, kernel: 5) == plain)
    }
}
