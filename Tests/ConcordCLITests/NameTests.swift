import Concord
import Foundation
import TestSupport
import Testing

/// Names of files that are not UTF-8, from the command line to the index.
@Suite struct NameTests {
    /// Runs a line of a shell, in which `$CONCORD` is the tool.
    private func shell(_ line: String, in folder: String) throws -> (status: Int32, output: String) {
        let process = Process(), pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", line]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(["CONCORD": CommandLineTool.path]) { _, new in
            new
        }
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (
            process.terminationStatus, try #require(String(data: bytes, encoding: .utf8), "the output is not UTF-8")
        )
    }

    @Test func aFileAFolderAndARunWhoseNamesAreNotUTF8() throws {
        let world = try SmallWorld(), root = world.folder.path
        let made = try shell(
            """
            mkdir $'gar\\xe7on' && cp data/1.jpg $'gar\\xe7on/caf\\xe9.jpg' && cp data/2.jpg $'gar\\xe7on/' && cp -r \
            data $'d\\xe9'
            printf 'GIF89a' > $'gar\\xe7on/\\xe9.gif'
            "$CONCORD" train small.yaml --data $'d\\xe9' --out $'r\\xfcn' --set steps=4
            """, in: root)
        #expect(made.status == 0 && made.output.contains("the run is in r\\xFCn"), "\(made.output)")
        let resumed = try shell("\"$CONCORD\" train --data $'d\\xe9' --out $'r\\xfcn' --resume --set steps=5", in: root)
        #expect(resumed.status == 0 && resumed.output.contains("resumed at step 4"), "\(resumed.output)")
        let one = try shell(
            "\"$CONCORD\" embed $'r\\xfcn' --images $'gar\\xe7on/caf\\xe9.jpg' --out $'one\\xe9.st'", in: root)
        #expect(one.status == 0 && one.output.contains("1 embeddings of 16 in one\\xE9.st"), "\(one.output)")
        let all = try shell("\"$CONCORD\" embed $'r\\xfcn' --images $'gar\\xe7on' --out all.st", in: root)
        #expect(
            all.status == 1 && all.output.contains("left out: gar\\xE7on/\\xE9.gif: GIF images are not read"),
            "\(all.output)")
        #expect(all.output.contains("2 of 3 files embedded; 1 left out"))
        let found = try shell(
            "\"$CONCORD\" search $'r\\xfcn' --index all.st --image $'gar\\xe7on/caf\\xe9.jpg' -k 1", in: root)
        #expect(
            found.status == 0 && found.output == "1.0000\tgar\\\\xE7on/caf\\\\xE9.jpg\n"
                || found.output == "1.0000\tgar\\xE7on/caf\\xE9.jpg\n", "\(found.output)")
        let json = try shell(
            "\"$CONCORD\" embed $'r\\xfcn' --images $'gar\\xe7on' --out all.st --json 2>/dev/null", in: root)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(
            ((object["left_out"] as? [[String: Any]])?.first?["file"] as? String) == "gar\\xE7on/\\xE9.gif",
            "\(json.output)")
        let evaluated = try shell("\"$CONCORD\" evaluate $'r\\xfcn' --data $'d\\xe9'", in: root)
        #expect(evaluated.status == 0 && evaluated.output.contains("rows of d\\xE9/pairs.tsv"), "\(evaluated.output)")
    }
}
