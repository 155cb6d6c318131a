import ConcordTensors
import Testing

struct ArenaTests {
    private let unit = Arena.unit

    @Test func blocksUnderWayNeverOverlapAndWhatWasFreedBecomesOneFreeBlockAgain() {
        var arena = Arena(capacity: 1 << 30), held: [(start: UInt, size: Int)] = []
        var random = RandomKey(seed: 1).sequence
        var top: UInt = 0
        for _ in 0..<3000 {
            if held.count > 40 || !held.isEmpty && random.bernoulli(0.45) {
                let (start, size) = held.remove(at: random.integer(below: held.count))
                arena.put(start, size: size)
            } else {
                let size = (1 + random.integer(below: 300)) * unit
                guard let (block, _) = arena.take(size) else { continue }
                #expect(arena.contains(block) && arena.contains(block + UInt(size) - 1) && block % 64 == 0)
                #expect(!held.contains { $0.start < block + UInt(size) && block < $0.start + UInt($0.size) })
                held.append((block, size))
                top = max(top, block + UInt(size))
            }
        }
        let first = held.map(\.start).min() ?? 0
        for (start, size) in held { arena.put(start, size: size) }
        let whole = arena.touched
        #expect(whole > 0 && whole % unit == 0)
        let (again, fresh) = arena.take(whole) ?? (0, whole)  // all of it, in one piece
        #expect(fresh == 0 && again <= first && again + UInt(whole) == top && arena.touched == 0)
    }

    @Test func aBlockOfItsSizeIsTakenBeforeALargerOneAndThatBeforeAMuchLarger() {
        var arena = Arena(capacity: 1 << 28)
        let blocks = [16, 1, 3, 1, 5, 1].map { arena.take($0 * unit)?.block ?? 0 }
        for (place, size) in [(0, 16), (2, 3), (4, 5)] { arena.put(blocks[place], size: size * unit) }
        #expect(arena.take(3 * unit)?.block == blocks[2])
        #expect(arena.take(4 * unit)?.block == blocks[4])
        #expect(arena.take(4 * unit)?.block == blocks[0])  // none is near
        #expect(arena.take(17 * unit)?.block == blocks[5] + UInt(unit))  // none is large enough
    }

    @Test func aLastFreeBlockThatIsTooSmallGrows() {
        var arena = Arena(capacity: 1 << 28)
        let blocks = [8, 4].map { arena.take($0 * unit)?.block ?? 0 }
        arena.put(blocks[1], size: 4 * unit)
        let grown = arena.take(6 * unit)
        #expect(grown?.block == blocks[1] && grown?.fresh == 2 * unit && arena.touched == 0)
        #expect(arena.take(unit)?.block == blocks[1] + UInt(6 * unit))
    }

    @Test func pagesGoBackToTheSystemOnDemand() {
        var arena = Arena(capacity: 1 << 28)
        let size = 1024 * unit, block = arena.take(size)?.block ?? 0
        let bytes = UnsafeMutableRawPointer(bitPattern: block)?.assumingMemoryBound(to: UInt8.self)
        bytes?.update(repeating: 7, count: size)
        arena.put(block, size: size)
        #expect(arena.touched == size)
        arena.trim(to: 0)
        #expect(arena.touched == 0)
        let again = arena.take(size)
        #expect(again?.block == block && again?.fresh == size)
        #expect(bytes?[size / 2] == 0)  // fresh from the system
    }

    @Test func aRequestBeyondTheRangeIsRefused() {
        var arena = Arena(capacity: 64 << 20)
        #expect(arena.take(65 << 20) == nil)
        #expect(arena.take(32 << 20) != nil)
    }
}
