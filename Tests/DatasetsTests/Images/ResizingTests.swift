import ConcordDatasets
import ConcordTensors
import TestSupport
import Testing

struct ResizingTests {
    @Test(arguments: Image.Filter.allCases, [(20, 13), (11, 31), (47, 9), (60, 40), (5, 33), (1, 1)])
    func resizingEqualsPillowsBitForBit(filter: Image.Filter, size: (width: Int, height: Int)) {
        expectSame(
            expected("scene").resized(width: size.width, height: size.height, filter: filter),
            "\(filter) \(size.width)x\(size.height)")
    }

    @Test(arguments: [(19, 7), (10, 20)])
    func aTallImageIsResizedInPillowsOrder(size: (width: Int, height: Int)) {
        let tall = expected("scene").cropped(to: PixelRectangle(x: 3, y: 1, width: 20, height: 30))
        expectSame(tall.resized(width: size.width, height: size.height), "tall \(size.width)x\(size.height)")
    }

    @Test(arguments: Image.Filter.allCases)
    func theSameSizeIsTheSameImage(filter: Image.Filter) {
        #expect(scene(31, 17).resized(width: 31, height: 17, filter: filter) == scene(31, 17))
    }

    @Test func onePlainColorStaysItself() {
        for filter in Image.Filter.allCases {
            let plain = Image(width: 13, height: 7, Image.Color(3, 255, 128))
            #expect(
                plain.resized(width: 50, height: 3, filter: filter)
                    == Image(width: 50, height: 3, Image.Color(3, 255, 128)))
        }
    }

    @Test func theShorterSideSetsTheSize() {
        let wide = scene(64, 48).resized(shortestSide: 10), tall = scene(48, 64).resized(shortestSide: 10)
        #expect([wide.width, wide.height, tall.width, tall.height] == [13, 10, 10, 13])
    }

    @Test func aCenteredCropIsWhereTorchvisionPutsIt() {
        // (9 - 4) / 2 = 2.5 goes to 2, (11 - 4) / 2 = 3.5 to 4.
        let image = scene(9, 11)
        #expect(image.centerCropped(to: 4) == image.cropped(to: PixelRectangle(x: 2, y: 4, width: 4, height: 4)))
    }
}
