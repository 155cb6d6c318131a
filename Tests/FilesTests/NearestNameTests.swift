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
