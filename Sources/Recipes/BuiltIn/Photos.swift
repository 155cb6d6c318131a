extension Recipe {
    /// A starting point for a user's own images without captions: folders `train` and `test` with a folder a class.
    ///
    /// The classes are labels for the report alone. Larger images want `stem: imagenet`, and a `width` of 64.
    static let photos = """
        epochs: 10
        batch: 128
        data: {kind: folder, path: train, held_out: test}
        objective: {name: simclr}
        model: {image: {encoder: resnet, depth: 18, stem: cifar, width: 16}}
        views: {size: 32}
        """
}
