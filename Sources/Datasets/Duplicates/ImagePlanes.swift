/// A thumbnail as planes of floats from 0 to 1: luma at three sizes to align by, and colors to compare.
final class ImagePlanes: @unchecked Sendable {
    /// Side of the colors and of the largest luma: 32 or 16.
    let side: Int
    private let memory: UnsafeMutablePointer<Float>
    private let offsets: [Int: Int]

    init(_ thumbnail: ImageThumbnail, side: Int) {
        self.side = side
        var offsets: [Int: Int] = [:], total = 3 * side * side
        for size in [side, side / 2, side / 4] where size >= 8 {
            offsets[size] = total
            total += size * size
        }
        self.offsets = offsets
        memory = .allocate(capacity: total)
        memory.initialize(repeating: 0, count: total)
        let step = ImageThumbnail.side / side, scale = 1 / Float(255 * step * step), area = side * side
        for y in 0..<ImageThumbnail.side {
            for x in 0..<ImageThumbnail.side {
                let from = 3 * (y * ImageThumbnail.side + x), to = y / step * side + x / step
                for c in 0..<3 { memory[c * area + to] += scale * Float(thumbnail.pixels[from + c]) }
            }
        }
        let own = luma(side)
        for i in 0..<area { own[i] = 0.299 * memory[i] + 0.587 * memory[area + i] + 0.114 * memory[2 * area + i] }
        for size in sizes.dropLast().reversed() {
            let from = luma(2 * size), to = luma(size)
            for y in 0..<size {
                for x in 0..<size {
                    let i = 4 * y * size + 2 * x
                    to[y * size + x] = 0.25 * (from[i] + from[i + 1] + from[i + 2 * size] + from[i + 2 * size + 1])
                }
            }
        }
    }

    deinit { memory.deallocate() }

    /// Sides of luma, from the smallest.
    var sizes: [Int] { offsets.keys.sorted() }

    /// `[size, size]`
    func luma(_ size: Int) -> UnsafeMutablePointer<Float> { memory + offsets[size, default: 0] }

    /// `[side, side]` of a channel.
    func color(_ channel: Int) -> UnsafePointer<Float> { UnsafePointer(memory + channel * side * side) }
}
