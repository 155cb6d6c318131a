import ConcordDatasets
import Foundation
import TestSupport
import Testing

@Suite struct AudioWindowsTests {
    private let folder = TemporaryFolder()

    private func noise(_ count: Int) -> [Float] {
        var state: UInt32 = 12345
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(Int32(bitPattern: state) >> 16) / 65536
        }
    }

    private func windows(_ path: String, rate: Int, length: Int, hop: Int) throws -> [AudioWindows.Window] {
        var windows = try AudioWindows(path, rate: rate, length: length, hop: hop), found: [AudioWindows.Window] = []
        while let window = try windows.next() { found.append(window) }
        return found
    }

    @Test(arguments: [
        (100_000, 30_000, 30_000, [0, 30_000, 60_000, 70_000]), (100_000, 50_000, 50_000, [0, 50_000]),
        (100_000, 40_000, 30_000, [0, 30_000, 60_000]), (100_000, 100_000, 7, [0]), (100_000, 200_000, 200_000, [0]),
        (100_000, 99_999, 99_999, [0, 1]),
    ])
    func windowsCoverTheFileAndTheLastEndsWithIt(count: Int, length: Int, hop: Int, starts: [Int]) throws {
        let path = folder.file("a.wav")
        try Audio(noise(count), rate: 8000).write(wav: path)
        let whole = try Audio(contentsOf: path).samples
        let found = try windows(path, rate: 8000, length: length, hop: hop)
        #expect(found.map(\.start) == starts)
        for window in found {
            #expect(window.samples == Array(whole[window.start..<min(count, window.start + length)]))
        }
    }

    @Test(arguments: [(8000, 16000), (44100, 16000), (16000, 11025)])
    func windowsAtAnotherRateArePartsOfTheWholeSound(from: Int, to: Int) throws {
        let path = folder.file("a.wav")
        try Audio(noise(300_001), rate: from).write(wav: path)
        let whole = try Audio(contentsOf: path, rate: to).samples
        let found = try windows(path, rate: to, length: 20_000, hop: 20_000)
        #expect(found.last.map { $0.start + $0.samples.count } == whole.count)
        for window in found { #expect(window.samples == Array(whole[window.start..<window.start + 20_000])) }
    }
}
