public import ConcordLayers
import ConcordObjectives

extension Fields {
    /// The key `KEY_schedule`: how the number of a key changes over the run; the number itself without it.
    ///
    /// ```yaml
    /// objective: {name: simclr, temperature: 0.2, temperature_schedule: {form: cosine, to: 0.1}}
    /// objective: {name: contrastive, masked: {weight: 0.1, weight_schedule: {from: 0, until: 0.2}}}
    /// ```
    /// - Parameters:
    ///   - key: of the number.
    ///   - start, end: where the schedule begins and ends by default.
    ///   - range: of all its values.
    ///   - allowsWarmUp: whether the value may rise from 0 at first.
    public func schedule(
        of key: String, from start: Double, to end: Double, in range: ClosedRange<Double>,
        form fallback: ScheduledValue.Form = .linear, allowsWarmUp: Bool = false
    ) throws -> ScheduledValue? {
        guard let fields = try optionalFields("\(key)_schedule", "How \(key) changes over the run.") else { return nil }
        let form = try fields.choice(
            "form", default: fallback, "The curve: constant, linear, or cosine (half a wave).")
        let first = try fields.number("from", default: start, in: range, "The value at the start of the curve.")
        let isConstant = form == .constant
        let last = isConstant ? first : try fields.number("to", default: end, in: range, "The value at its end.")
        let until =
            isConstant
            ? 1
            : try fields.number(
                "until", default: 1, in: 1e-6...1, "Fraction of the run after which the value is that of the end.")
        let warmUp =
            allowsWarmUp
            ? try fields.number(
                "warmup", default: 0, in: 0...1, "Fraction of the run over which the value rises from 0 at first.") : 0
        return ScheduledValue(form, from: first, to: last, until: until, warmUp: warmUp)
    }

    /// The keys `temperature` and `temperature_schedule` of a softmax whose temperature is not learned.
    func temperature(default fallback: Double) throws -> InfoNCE.Temperature {
        let range = 1e-4...1e4
        let value = try number("temperature", default: fallback, in: range, "Temperature of the softmax.")
        let schedule = try schedule(of: "temperature", from: value, to: value, in: range)
        return schedule.map { .scheduled($0) } ?? .fixed(Float(value))
    }

    /// The keys `momentum` and `momentum_schedule` of a target network; without the second it rises to 1 by half a
    /// cosine.
    func targetMomentum(default fallback: Double, of network: String = "target") throws -> Momentum {
        let value = try number(
            "momentum", default: fallback, in: 0...1,
            "How much of the \(network) network stays at the first update; it rises to 1.")
        let schedule = try schedule(of: "momentum", from: value, to: 1, in: 0...1, form: .cosine)
        return schedule.map { .scheduled($0) } ?? .cosine(from: value)
    }
}
