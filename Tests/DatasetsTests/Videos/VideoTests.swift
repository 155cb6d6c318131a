import ConcordDatasets
import ConcordTensors
import Foundation
import TestSupport
import Testing

@Suite struct VideoTests {
    private let folder = TemporaryFolder()

    private func write(_ names: [String]) throws {
        for name in names {
            let place = folder.file(name)
            try FileManager.default.createDirectory(
                atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Image(width: 8, height: 8).write(jpeg: place)
        }
    }

    @Test func framesAreInTheOrderOfTheirNumbers() throws {
        let order = ["a/1.jpg", "a/2.jpg", "a/10.jpg", "a/0100.jpg", "a/frame9.jpg", "a/frame10.jpg", "a/frame10b.jpg"]
        try write(order.reversed())
        try "no image".write(toFile: folder.file("a/notes.txt"), atomically: true, encoding: .utf8)
        let video = try FrameFolder(folder.file("a"))
        #expect(video.names == order.map { String($0.dropFirst(2)) } && video.count == 7)
        #expect(video.path(of: 2) == folder.file("a/10.jpg"))
        #expect(throws: DatasetError.self) { try FrameFolder(folder.file("b")) }
        try FileManager.default.createDirectory(atPath: folder.file("empty"), withIntermediateDirectories: true)
        let error = #expect(throws: DatasetError.self) { try FrameFolder(folder.file("empty")) }
        #expect(error.map { "\($0)" }?.contains("frames of a video") == true)
    }

    @Test func everyFolderWithFramesIsAVideo() throws {
        try write((0..<10).map { "walk/1/\($0).jpg" } + (0..<3).map { "run/2/\($0).jpg" } + ["run/2/cut/0.jpg"])
        try FileManager.default.createDirectory(atPath: folder.file("none"), withIntermediateDirectories: true)
        let table = try VideoFolder(folder.path).table
        #expect(table.map { $0["filepath"] } == ["run/2", "run/2/cut", "walk/1"])
        #expect(table.map { $0["label"] } == ["run", "run", "walk"])
        #expect(table.map { $0["end"] } == ["3", "1", "10"])
        let (train, heldOut) = try VideoFolder.split(folder.path, last: 0.25)
        #expect(train.map { "\($0["filepath"]) \($0["start"])-\($0["end"])" } == ["run/2 0-2", "walk/1 0-7"])
        #expect(
            heldOut.map { "\($0["filepath"]) \($0["start"])-\($0["end"])" } == [
                "run/2 2-3", "run/2/cut 0-1", "walk/1 7-10",
            ])
        #expect(throws: DatasetError.self) { try VideoFolder(folder.file("none")) }
    }

    @Test func segmentsOfVideosAreFrames() throws {
        #expect(try MediaSegment(start: 3, end: nil).frames(of: 10, path: "v") == 3..<10)
        #expect(try MediaSegment(start: 0, end: 4).frames(of: 10, path: "v") == 0..<4)
        for (start, end) in [(10.0, nil), (0, 11), (1e300, nil), (2, 1e300)] as [(Double, Double?)] {
            #expect(throws: DatasetError.self) { try MediaSegment(start: start, end: end).frames(of: 10, path: "v") }
        }
    }

    /// The center of what is not black.
    private func center(_ image: Image) -> (x: Double, y: Double, mass: Double) {
        var sums = (x: 0.0, y: 0.0, mass: 0.0)
        for y in 0..<image.height {
            for x in 0..<image.width {
                let color = image[x, y], value = Double(color.red) + Double(color.green) + Double(color.blue)
                sums.x += value * (Double(x) + 0.5)
                sums.y += value * (Double(y) + 0.5)
                sums.mass += value
            }
        }
        return (sums.x / sums.mass, sums.y / sums.mass, sums.mass)
    }

    @Test func shapesMoveAtConstantVelocityAndBounce() {
        let videos = MovingShapes(size: 48, shapes: 1, speed: 3, seed: 4)
        var bounces = 0, straight = 0
        for video in 0..<6 {
            let path = (0..<60).map { center(videos.frame($0, of: video)) }
            for t in 1..<59 {
                let first = (path[t].x - path[t - 1].x, path[t].y - path[t - 1].y)
                let second = (path[t + 1].x - path[t].x, path[t + 1].y - path[t].y)
                let speed = (first.0 * first.0 + first.1 * first.1).squareRoot()
                #expect(speed < 3.1)
                let turn = max(abs(first.0 - second.0), abs(first.1 - second.1))
                if turn < 0.15 { straight += 1 } else { bounces += 1 }
                // Nothing of it is outside: its mass stays.
                #expect(abs(path[t].mass / path[0].mass - 1) < 0.1)
            }
        }
        #expect(straight > 3 * bounces && bounces > 6)
    }

    @Test func aVideoIsAFunctionOfSeedAndNumber() {
        let videos = MovingShapes(size: 32, shapes: 4, speed: 2, seed: 1)
        #expect(videos.frame(7, of: 3) == MovingShapes(size: 32, shapes: 4, speed: 2, seed: 1).frame(7, of: 3))
        #expect(videos.frame(7, of: 3) != videos.frame(8, of: 3) && videos.frame(7, of: 3) != videos.frame(7, of: 4))
        #expect(videos.frame(7, of: 3) != MovingShapes(size: 32, shapes: 4, speed: 2, seed: 2).frame(7, of: 3))
        #expect(videos.frame(1_000_000, of: 3).width == 32)
    }
}
