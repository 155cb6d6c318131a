/// A map from byte strings to ids that is walked byte by byte: all edges in one open-addressing hash table, so a step
/// is one look-up.
struct Trie: Sendable {
    /// `node << 8 | byte` in the upper half and the child in the lower; 0 where empty. The number of slots is a power
    /// of 2.
    private var slots = [UInt64](repeating: 0, count: 1 << 10)
    private var values: [Int32]

    /// The most nodes; a trie has at most one more than it has bytes in all its strings.
    static let limit = 1 << 24

    /// - Parameter roots: number of starting points, nodes 0 and up.
    init(roots: Int) { values = Array(repeating: -1, count: roots) }

    /// Gives a byte string under a root its value. Up to `limit` nodes.
    mutating func insert(_ bytes: some Sequence<UInt8>, root: UInt32, value: Int32) {
        var node = root
        for byte in bytes {
            let child = withReader { $0.child(of: node, byte) }
            if child != 0 {
                node = child
                continue
            }
            if values.count * 2 > slots.count { grow() }
            let new = UInt32(values.count)
            guard new < Self.limit else { fatalError("Trie: more than \(Self.limit) nodes") }
            values.append(-1)
            place(UInt64(node << 8 | UInt32(byte)) << 32 | UInt64(new))
            node = new
        }
        values[Int(node)] = value
    }

    func withReader<R>(_ body: (TrieReader) -> R) -> R {
        slots.withUnsafeBufferPointer { slots in
            values.withUnsafeBufferPointer { values in body(TrieReader(slots: slots, values: values)) }
        }
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: 0, count: old.count * 2)
        for edge in old where edge != 0 { place(edge) }
    }

    private mutating func place(_ edge: UInt64) {
        var slot = TrieReader.slot(of: UInt32(truncatingIfNeeded: edge >> 32), among: slots.count)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = edge
    }
}

/// A trie as loops see it.
struct TrieReader {
    let slots: UnsafeBufferPointer<UInt64>
    let values: UnsafeBufferPointer<Int32>

    /// The child of a node by a byte; 0 (a root, so never a child) where it has none.
    @inline(__always)
    func child(of node: UInt32, _ byte: UInt8) -> UInt32 {
        let key = node << 8 | UInt32(byte)
        var slot = Self.slot(of: key, among: slots.count)
        while true {
            let edge = slots[slot]
            if edge == 0 { return 0 }
            if UInt32(truncatingIfNeeded: edge >> 32) == key { return UInt32(truncatingIfNeeded: edge) }
            slot = (slot + 1) & (slots.count - 1)
        }
    }

    /// The value of a whole byte string; -1 where it has none.
    @inline(__always)
    func value(of bytes: UnsafeBufferPointer<UInt8>, root: UInt32) -> Int32 {
        var node = root
        for byte in bytes {
            node = child(of: node, byte)
            if node == 0 { return -1 }
        }
        return values[Int(node)]
    }

    @inline(__always)
    static func slot(of key: UInt32, among count: Int) -> Int {
        let mixed = key &* 0x9E37_79B1
        return Int(mixed ^ mixed >> 15) & (count - 1)
    }
}
