/// Counts the memory that tensors on one thread take and free, whatever other threads do.
final class MemoryMeter {
    /// Bytes; less than none where more was freed than taken.
    private(set) var held = 0
    /// The largest `held` so far.
    private(set) var peak = 0

    func take(_ bytes: Int) {
        held += bytes
        peak = max(peak, held)
    }

    func put(_ bytes: Int) { held -= bytes }

    /// Starts `peak` anew from what is held now.
    func mark() { peak = held }

    /// Adds what another meter counted in this one's place.
    func add(_ other: MemoryMeter) {
        peak = max(peak, held + other.peak)
        held += other.held
    }
}
