import CKernels
#if canImport(Glibc)
    import Glibc
#endif

extension Image {
    /// Turned about its center, counter-clockwise, size kept; the same as Pillow's `rotate`.
    /// - Parameters:
    ///   - degrees: any angle.
    ///   - filter: `.nearest` or `.bilinear`; `.bicubic` counts as the latter.
    ///   - fill: the color of what comes from outside.
    public func rotated(byDegrees degrees: Float, filter: Filter = .nearest, fill: Color = .black) -> Image {
        var turn = Double(degrees).truncatingRemainder(dividingBy: 360)
        if turn < 0 { turn += 360 }
        if turn == 0 { return self }
        if turn == 180 { return oriented(.turned180) }
        if width == height && turn == 90 { return oriented(.turnedLeft) }
        if width == height && turn == 270 { return oriented(.turnedRight) }
        let angle = -turn * (.pi / 180), center = (Double(width) / 2, Double(height) / 2)
        // Pillow rounds to 15 decimal places.
        func rounded(_ x: Double) -> Double { (x * 1e15).rounded(.toNearestOrEven) / 1e15 }
        var map = [rounded(cos(angle)), rounded(sin(angle)), 0, rounded(-sin(angle)), rounded(cos(angle)), 0]
        map[2] = map[0] * -center.0 + map[1] * -center.1 + center.0
        map[5] = map[3] * -center.0 + map[4] * -center.1 + center.1
        let output = Image(uninitializedWidth: width, height: height), color = [fill.red, fill.green, fill.blue]
        guard filter == .nearest else {
            concord_pixels_turned_bilinear(output.base, width, height, base, map, color)
            return output
        }
        func fixed(_ x: Double) -> Int32 { Int32(clamping: Int((x * 65536 + 0.5).rounded(.down))) }
        let steps = [
            fixed(map[0]), fixed(map[1]), fixed(map[2] + (map[0] + map[1]) * 0.5), fixed(map[3]), fixed(map[4]),
            fixed(map[5] + (map[3] + map[4]) * 0.5),
        ]
        concord_pixels_turned(output.base, width, height, base, steps, color)
        return output
    }
}
