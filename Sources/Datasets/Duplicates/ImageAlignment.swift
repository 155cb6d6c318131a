/// Where one image is in another: a scale and a shift of each axis, which a crop and a change of size are.
///
/// Found by Gauss-Newton steps on luma, from 8 x 8 pixels up, with a gain and an offset of brightness beside.
/// - Source: Baker, Matthews 2004, "Lucas-Kanade 20 years on", section 3.2 (inverse composition).
struct ImageAlignment {
    typealias Lane = SIMD8<Float>

    /// The source's place of `u` in -1...1 of the target: `scale * u + shift`.
    private(set) var scaleX: Float = 1, shiftX: Float = 0, scaleY: Float = 1, shiftY: Float = 0

    /// A margin of a tenth and a little more is looked for.
    private static let limit: Float = 0.2

    /// - Returns: nil where they are other images, as half of the largest size already shows.
    init?(of source: ImagePlanes, in target: ImagePlanes) {
        let largest = source.side
        for size in source.sizes {
            let from = UnsafePointer(source.luma(size)), to = UnsafePointer(target.luma(size))
            for _ in 0..<(size == largest ? 4 : 3) { step(from, to, size) }
            if size < largest, size * 2 == largest, correlation(from, to, size) < 0.75 { return nil }
        }
    }

    /// One row of the source, resampled to the target's columns where the two overlap.
    struct Columns {
        let first: [Int], fraction: [Float], isInside: [Float]

        init(scale: Float, shift: Float, size: Int) {
            var first: [Int] = [], fraction: [Float] = [], isInside: [Float] = []
            for place in 0..<size {
                let u = (Float(place) + 0.5) / Float(size) * 2 - 1, x = scale * u + shift
                isInside.append(abs(x) <= 1 ? 1 : 0)
                let pixel = max(0, min(Float(size - 1), (x + 1) * Float(size) / 2 - 0.5))
                let index = min(Int(pixel), size - 2)
                first.append(index)
                fraction.append(pixel - Float(index))
            }
            (self.first, self.fraction, self.isInside) = (first, fraction, isInside)
        }
    }

    func columns(_ size: Int) -> Columns { Columns(scale: scaleX, shift: shiftX, size: size) }
    func rows(_ size: Int) -> Columns { Columns(scale: scaleY, shift: shiftY, size: size) }

    /// A row of the source as the target has it.
    static func resample(
        _ source: UnsafePointer<Float>, _ size: Int, row: Int, _ rows: Columns, _ columns: Columns,
        into line: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let upper = source + rows.first[row] * size, fraction = rows.fraction[row]
        for x in 0..<size { scratch[x] = upper[x] + fraction * (upper[x + size] - upper[x]) }
        columns.first.withUnsafeBufferPointer { first in
            columns.fraction.withUnsafeBufferPointer { fraction in
                for x in 0..<size {
                    let left = scratch[first[x]]
                    line[x] = left + fraction[x] * (scratch[first[x] + 1] - left)
                }
            }
        }
    }

    /// Of luma, over what overlaps.
    private func correlation(_ from: UnsafePointer<Float>, _ to: UnsafePointer<Float>, _ size: Int) -> Float {
        let columns = columns(size), rows = rows(size)
        var count: Float = 0, a: Float = 0, b: Float = 0, aa: Float = 0, bb: Float = 0, ab: Float = 0
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * size) { memory in
            guard let line = memory.baseAddress else { return }
            for y in 0..<size where rows.isInside[y] > 0 {
                Self.resample(from, size, row: y, rows, columns, into: line, scratch: line + size)
                for x in 0..<size where columns.isInside[x] > 0 {
                    let (p, q) = (line[x], to[y * size + x])
                    count += 1
                    a += p
                    b += q
                    aa += p * p
                    bb += q * q
                    ab += p * q
                }
            }
        }
        guard count > 0 else { return 0 }
        let variance = (aa - a * a / count) * (bb - b * b / count)
        return variance > 1e-9 ? (ab - a * b / count) / variance.squareRoot() : 0
    }

    /// Moves the target's template against the source, and takes the inverse.
    private mutating func step(_ from: UnsafePointer<Float>, _ to: UnsafePointer<Float>, _ size: Int) {
        var system = NormalEquations()
        accumulate(from, to, size, into: &system)
        guard let d = system.solution(damping: 1e-3) else { return }
        func clamped(_ value: Float, _ center: Float) -> Float {
            max(center - Self.limit, min(center + Self.limit, value))
        }
        shiftX = clamped(shiftX - scaleX * d[1] / (1 + d[0]), 0)
        scaleX = clamped(scaleX / (1 + d[0]), 1)
        shiftY = clamped(shiftY - scaleY * d[3] / (1 + d[2]), 0)
        scaleY = clamped(scaleY / (1 + d[2]), 1)
    }

    private func accumulate(
        _ from: UnsafePointer<Float>, _ to: UnsafePointer<Float>, _ size: Int, into system: inout NormalEquations
    ) {
        let columns = columns(size), rows = rows(size), half = Float(size) / 2
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 7 * size) { memory in
            guard let line = memory.baseAddress else { return }
            let scratch = line + size, dx = line + 2 * size, dy = line + 3 * size, u = line + 4 * size
            let mask = line + 5 * size
            for x in 0..<size {
                u[x] = (Float(x) + 0.5) / half - 1
                mask[x] = columns.isInside[x]
            }
            for y in 0..<size where rows.isInside[y] > 0 {
                Self.resample(from, size, row: y, rows, columns, into: line, scratch: scratch)
                let own = to + y * size
                let above = to + max(0, y - 1) * size, below = to + min(size - 1, y + 1) * size
                let down = half / Float(min(size - 1, y + 1) - max(0, y - 1)), v = (Float(y) + 0.5) / half - 1
                for x in 0..<size {
                    let left = max(0, x - 1), right = min(size - 1, x + 1)
                    dx[x] = (own[right] - own[left]) * half / Float(right - left)
                    dy[x] = (below[x] - above[x]) * down
                }
                for x in stride(from: 0, to: size, by: 8) {
                    let inside = Self.lane(mask + x), gx = Self.lane(dx + x) * inside, gy = Self.lane(dy + x) * inside
                    let target = Self.lane(own + x) * inside
                    system.add(
                        (gx * Self.lane(u + x), gx, gy * v, gy, target, inside),
                        Self.lane(line + x) * inside - target)
                }
            }
        }
    }

    static func lane(_ pointer: UnsafePointer<Float>) -> Lane {
        UnsafeRawPointer(pointer).loadUnaligned(as: Lane.self)
    }

    private static func lane(_ pointer: UnsafeMutablePointer<Float>) -> Lane { lane(UnsafePointer(pointer)) }
}

/// Least squares in six unknowns: scale and shift of both axes, gain and offset.
private struct NormalEquations {
    typealias Lane = SIMD8<Float>
    typealias Six = (Lane, Lane, Lane, Lane, Lane, Lane)

    /// The lower triangle, row by row.
    private var r0 = Lane.zero
    private var r1 = (Lane.zero, Lane.zero)
    private var r2 = (Lane.zero, Lane.zero, Lane.zero)
    private var r3 = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
    private var r4 = (Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero)
    private var r5 = (Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero)
    private var right = (Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero)

    mutating func add(_ j: Six, _ residual: Lane) {
        r0 += j.0 * j.0
        r1.0 += j.1 * j.0
        r1.1 += j.1 * j.1
        r2.0 += j.2 * j.0
        r2.1 += j.2 * j.1
        r2.2 += j.2 * j.2
        r3.0 += j.3 * j.0
        r3.1 += j.3 * j.1
        r3.2 += j.3 * j.2
        r3.3 += j.3 * j.3
        r4.0 += j.4 * j.0
        r4.1 += j.4 * j.1
        r4.2 += j.4 * j.2
        r4.3 += j.4 * j.3
        r4.4 += j.4 * j.4
        r5.0 += j.5 * j.0
        r5.1 += j.5 * j.1
        r5.2 += j.5 * j.2
        r5.3 += j.5 * j.3
        r5.4 += j.5 * j.4
        r5.5 += j.5 * j.5
        right.0 += j.0 * residual
        right.1 += j.1 * residual
        right.2 += j.2 * residual
        right.3 += j.3 * residual
        right.4 += j.4 * residual
        right.5 += j.5 * residual
    }

    /// By Cholesky's decomposition, each diagonal element raised by a fraction of itself.
    func solution(damping: Float) -> [Float]? {
        let rows: [[Lane]] = [
            [r0], [r1.0, r1.1], [r2.0, r2.1, r2.2], [r3.0, r3.1, r3.2, r3.3], [r4.0, r4.1, r4.2, r4.3, r4.4],
            [r5.0, r5.1, r5.2, r5.3, r5.4, r5.5],
        ]
        var l = rows.map { $0.map { $0.sum() } }
        var x = [right.0, right.1, right.2, right.3, right.4, right.5].map { $0.sum() }
        for i in 0..<6 { l[i][i] += damping * l[i][i] + 1e-4 }
        for i in 0..<6 {
            for j in 0...i {
                var sum = l[i][j]
                for k in 0..<j { sum -= l[i][k] * l[j][k] }
                if i == j {
                    guard sum > 1e-9 else { return nil }
                    l[i][i] = sum.squareRoot()
                } else {
                    l[i][j] = sum / l[j][j]
                }
            }
        }
        for i in 0..<6 {
            for k in 0..<i { x[i] -= l[i][k] * x[k] }
            x[i] /= l[i][i]
        }
        for i in (0..<6).reversed() {
            for k in i + 1..<6 { x[i] -= l[k][i] * x[k] }
            x[i] /= l[i][i]
        }
        return x[0].isFinite && abs(x[0]) < 0.5 && abs(x[2]) < 0.5 ? x : nil
    }
}
