import ConcordFiles
import Foundation
import Testing

@Suite struct JSONTextTests {
    @Test(arguments: ["", "plain", "\"\\/", "a\nb\tc\rd", "\u{0}\u{1F}\u{7F}", "é 日本 🙂"])
    func whatIsQuotedReadsBack(text: String) throws {
        let quoted = JSONText.quoted(text)
        #expect(!quoted.contains("\n"))
        #expect(
            try JSONDecoder().decode(String.self, from: Data(quoted.utf8)).unicodeScalars.elementsEqual(
                text.unicodeScalars))
        #expect(try scanned(quoted).unicodeScalars.elementsEqual(text.unicodeScalars))
    }

    @Test func numbersThatAreNotFiniteAreNull() {
        #expect([1.5, -0.0, .nan, .infinity].map { JSONText.number($0) } == ["1.5", "-0.0", "null", "null"])
    }

    @Test func escapesAreRead() throws {
        #expect(try scanned(#""\u00e9\ud83d\ude42\b\f\/""#) == "é🙂\u{8}\u{C}/")
    }

    @Test(arguments: [
        (#""a"#, "it ends inside a string", 2), (#""\x""#, "an unknown escape in a string", 3),
        (#""\u12""#, "four hexadecimal digits expected after \\u", 3),
        (#""\ud83d""#, "half a surrogate pair in a string", 7), ("\"a\tb\"", "a control character in a string", 2),
        ("a", "a string expected", 0),
    ])
    func faultsHaveTheirPlace(text: String, problem: String, place: Int) throws {
        let fault = try #require(throws: JSONScanner.Fault.self) { try scanned(text) }
        #expect(fault.problem == problem && fault.place == place)
    }

    private func scanned(_ text: String) throws -> String {
        try Array(text.utf8).withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            return try scanner.string()
        }
    }
}
