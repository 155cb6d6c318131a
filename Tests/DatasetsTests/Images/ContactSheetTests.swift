import ConcordDatasets
import ConcordTensors
import TestSupport
import Testing

struct ContactSheetTests {
    private let dot = Image(width: 40, height: 20, Image.Color(200, 0, 0))

    @Test func imagesAreInTheirCellsRightAnswersInGreen() {
        var sheet = ContactSheet(columns: 2, cell: 40)
        sheet.addRow(label: "query", images: [(dot, "first", true), (dot, "second", false), (dot, "third", false)])
        let image = sheet.image
        // Two cells of 40 with frames of 3 and gaps of 10; two lines of images under one label.
        #expect(image.width == 10 + 2 * 56)
        #expect(image.height == 10 + 20 + 2 * 89)
        #expect(image[10, 30] == Image.Color(20, 160, 70) && image[66, 30] == Image.Color(205, 205, 205))
        #expect(image[33, 53] == Image.Color(200, 0, 0) && image[33, 35] == Image.Color(240, 240, 240))
    }

    @Test func captionsAndLabelsLeaveInk() {
        var empty = ContactSheet(columns: 1, cell: 60), written = empty
        empty.addRow(label: "", images: [(dot, "", false)])
        written.addRow(label: "A|", images: [(dot, "Hi", false)])
        func ink(_ image: Image) -> Int {
            let bytes = image.pixels.bytes
            return bytes.indices.filter { $0 % 3 == 0 && bytes[$0] == 0 && bytes[$0 + 1] == 0 }.count
        }
        // A has 18 dots, | has 7, each 2 by 2 pixels.
        #expect(ink(empty.image) == 0 && ink(written.image) == 4 * (18 + 7))
        #expect(empty.image != written.image)
    }

    @Test func anythingCanBeALabel() {
        var sheet = ContactSheet(columns: 1, cell: 20)
        sheet.addRow(
            label: String(repeating: "wide ", count: 50) + "größer 🙂",
            images: [(dot, "averyverylongword without end 🙂", true)])
        sheet.addRow(label: "no answers", images: [])
        #expect(sheet.image.width == 46)
    }
}
