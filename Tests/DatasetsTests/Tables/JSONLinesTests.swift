import ConcordDatasets
import TestSupport
import Testing

@Suite struct JSONLinesTests {
    private let folder = TemporaryFolder()

    private func table(_ text: String, columns: [String] = []) throws -> Table {
        try Table(jsonLines: folder.write(text, to: "t.jsonl"), columns: columns)
    }

    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)".replacing(folder.path + "/", with: "") }
        return "nothing was thrown"
    }

    @Test func keysAreColumnsAndTextsAndNumbersAreFields() throws {
        let table = try table(
            """
            {"filepath": "a.png", "title": "say \\"hi\\", \\u00e9\\ud83c\\udf4e\\t", "label": 7}

            {"label": 7.50, "filepath": "b/c.png", "title": "tab\\there", "more": {"x": [1, "}"]}}
            {"filepath":"d.png","title":"ä","label":-1e3,"more":null}\r

            """, columns: ["filepath", "title", "label"])
        #expect(table.columns == ["filepath", "title", "label", "more"])
        #expect(table.map { $0["title"] } == ["say \"hi\", é🍎\t", "tab\there", "ä"])
        #expect(table.map { $0["label"] } == ["7", "7.50", "-1e3"])
        #expect(table.map { $0["more"] } == ["", "{\"x\": [1, \"}\"]}", ""])
        #expect(table.map(\.line) == [1, 3, 4])
        #expect(table[1].path("filepath") == folder.file("b/c.png") && table[1].place == folder.file("t.jsonl:3"))
    }

    @Test(arguments: [
        ("{\"a\": [1], \"b\": 1}", "t.jsonl:2: \"a\" is [1]; a text or a number wanted"),
        ("{\"a\": true}", "t.jsonl:2: \"a\" is true; a text or a number wanted"),
        ("{\"b\": \"x\"}", "t.jsonl:2: \"a\" is missing"),
        ("{\"a\": \" \"}", "t.jsonl:2: \"a\" is empty"),
        ("{\"a\": null}", "t.jsonl:2: \"a\" is empty"),
        ("{\"a\": 1, \"a\": 2}", "t.jsonl:2: key \"a\" is given twice"),
        ("{\"a\": 1", "t.jsonl:2: not JSON at character 8: a comma or the closing brace expected"),
        ("{'a': 1}", "t.jsonl:2: not JSON at character 2: a string expected"),
        ("[1]", "t.jsonl:2: no JSON object; an object a line is wanted, {\"column\": \"value\"}"),
        ("{\"a\": \"\\ud83c\"}", "t.jsonl:2: not JSON at character 14: half a surrogate pair in a string"),
    ]) func aBadLineIsLeftOutAndNamed(line: String, reason: String) throws {
        let table = try table("{\"a\": \"1\"}\n\(line)\n{\"a\": \"3\"}\n", columns: ["a"])
        #expect(table.map { $0["a"] } == ["1", "3"])
        #expect(table.badRows.examples.map { $0.replacing(folder.path + "/", with: "") } == [reason])
    }

    @Test func faultyFilesAreErrors() throws {
        #expect(
            message { _ = try table("{\"Image\": \"a\"}\n", columns: ["image"]) }
                == """
                    t.jsonl: no column \"image\"; the header has \"Image\", and case matters: name it so \
                    (data.columns), or change the header
                    """
        )
        #expect(message { _ = try table("", columns: ["a"]) } == "t.jsonl: the file is empty")
        for document in ["[\n{\"a\": 1},\n{\"a\": 2}\n]\n", "{\n\"a\": 1\n}\n"] {
            #expect(
                message { _ = try table(document, columns: ["a"]) }
                    == """
                        t.jsonl: the file is one JSON document, not JSON lines; write an object a line, for example \
                        with: jq -c '.[]' t.jsonl
                        """
            )
        }
        let bad = String(repeating: "{\"a\": []}\n", count: 9)
        #expect(
            message { _ = try table("{\"a\": 1}\n" + bad, columns: ["a"]) }.hasPrefix("t.jsonl: 9 of 10 rows are bad"))
    }

    @Test func jsonLinesAreKnownByNameAndByContents() throws {
        #expect(Table.isJSONLines("none.JSONL") && Table.isJSONLines("none.ndjson") && !Table.isJSONLines("none.csv"))
        #expect(Table.isJSONLines(try folder.write("\u{FEFF} { \"a\": 1}\n", to: "t.csv")))
        #expect(!Table.isJSONLines(try folder.write("{a},b\n1,2\n", to: "u.csv")))
    }
}
