public import ConcordLayers
public import ConcordTensors

/// Classifies several tiles together: a layer for each tile alone, which all share, then two layers for all of them.
///
///     logits = classifier(relu(hidden([relu(tile(x_1)), …, relu(tile(x_T))])))
///
/// - Source: the layers fc6, fc7 and fc8 of Noroozi, Favaro 2016, arXiv:1603.09246, figure 3 (1024, 4096), and of
///   Doersch, Gupta, Efros 2015, arXiv:1505.05192, figure 3 (4096 each). Deviation: no dropout.
public final class TileClassifier: Module {
    /// From an encoder's output to a tile's code.
    public let tile: Linear
    /// From the codes of all tiles.
    public let hidden: Linear
    /// To the classes.
    public let classifier: Linear

    /// - Parameters:
    ///   - inputs: size D of the encoder's output.
    ///   - tiles: T that are classified together.
    ///   - width: of a tile's code.
    ///   - hidden: between the codes and the classes.
    ///   - classes: number K of classes.
    public init(_ inputs: Int, tiles: Int, width: Int, hidden: Int, classes: Int) {
        tile = Linear(inputs, width)
        self.hidden = Linear(tiles * width, hidden)
        classifier = Linear(hidden, classes)
    }

    /// Codes of tiles: `[M, D]` to `[M, width]`.
    public func codes(_ features: Tensor) -> Tensor { tile(features).relu() }

    /// - Parameter codes: `[N, T width]`.
    /// - Returns: the logits `[N, K]`.
    public func callAsFunction(_ codes: Tensor) -> Tensor { classifier(hidden(codes).relu()) }
}
