/// A module whose layers have an order from its input to its output, so that training can change earlier ones less.
///
/// ```swift
/// extension Stack: LayeredModule {
///     var layers: [[any Module]] { [[embedding]] + blocks.map { [$0] } }
/// }
/// ```
public protocol LayeredModule: Module {
    /// Its layers from the input on: what makes the first features, then the blocks. What is in none (a last
    /// normalization) counts as behind the last layer, as heads do.
    var layers: [[any Module]] { get }
}

extension LayeredModule {
    /// For each parameter of the layers a factor of the learning rate: `decay^(L - l)` for layer l of L.
    /// - Source: Bao et al. 2021, arXiv:2106.08254 (BEiT); He et al. 2021, arXiv:2111.06377, `lr_decay.py`.
    package func learningRateScales(decay: Double) -> [(parameter: Parameter, scale: Double)] {
        var scale = 1.0, result: [(parameter: Parameter, scale: Double)] = []
        for layer in layers.reversed() {
            scale *= decay
            result += layer.flatMap { ParameterWalk($0).parameters }.map { ($0.parameter, scale) }
        }
        return result
    }
}
