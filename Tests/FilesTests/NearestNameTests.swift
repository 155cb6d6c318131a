import ConcordFiles
import Testing

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("widht", "width"), ("WIDTH", "width"), ("dept", "depth"), ("learning-rate", "learning_rate"), ("x", nil),
        ("something else", nil),
    ])
    func aTypingMistakeFindsItsName(typed: String, meant: String?) {
        #expect(NearestName.of(typed, among: ["width", "depth", "learning_rate"]) == meant)
    }

    @Test func ofEquallyNearNamesTheFirstIsTaken() {
        #expect(NearestName.of("cat", among: ["bat", "hat"]) == "bat")
        #expect(NearestName.of("cat", among: [String]()) == nil)
    }

    @Test func hintsAreQuestionsOrNothing() {
        #expect(NearestName.hint(for: "hopp", among: ["hop"]) == " (did you mean \"hop\"?)")
        #expect(NearestName.hint(for: "unrelated", among: ["hop"]).isEmpty)
    }
}

@Suite struct BinarySearchTests {
    @Test func theFirstIndexOfTheSecondPartIsFound() {
        for count in 0..<9 {
            for split in 0...count { #expect(Array(0..<count).partitioningIndex { $0 >= split } == split) }
        }
        #expect([1, 2, 2, 3][1...].partitioningIndex { $0 > 2 } == 3)
    }
}

@Suite struct NumberTextTests {
    @Test(arguments: [
        (0, 0, "0"), (-0.4, 0, "0"), (0.0005, 3, "0.001"), (-1.25, 1, "-1.3"), (12.3456, 2, "12.35"), (3, 3, "3.000"),
        (1.2345e24, 3, "1.234e+24"), (-1e12, 1, "-1.000e+12"), (.nan, 2, "-"), (.infinity, 2, "-"),
    ])
    func decimalsAreFixed(value: Double, decimals: Int, text: String) {
        #expect(NumberText.fixed(value, decimals: decimals) == text)
    }

    @Test func briefNumbersHaveFourDigits() {
        #expect([0.00012346, 1, 123456, .nan].map { NumberText.brief($0) } == ["0.0001235", "1", "1.235e+05", "nan"])
    }
}
