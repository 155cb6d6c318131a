import CKernels
public import ConcordTensors

extension Tensor {
    /// A batch from images of one size, `[N, H, W, 3]` float32.
    ///
    /// - Parameters:
    ///   - images: at least one.
    ///   - crop: the part taken from every image; the whole if nil.
    ///   - flips: images to exchange left and right in; none if empty.
    public init(
        normalizing images: [Image], _ normalization: Normalization, crop: PixelRectangle? = nil, flips: [Bool] = []
    ) {
        guard let first = images.first else { ShapeCheck.fail("Tensor(normalizing:)", "no images") }
        let part = crop ?? PixelRectangle(x: 0, y: 0, width: first.width, height: first.height)
        ShapeCheck.require(
            images.allSatisfy { $0.width == first.width && $0.height == first.height }, "Tensor(normalizing:)",
            "the images are not all \(first.width)x\(first.height); resize or crop them")
        ShapeCheck.require(
            part.isInside(width: first.width, height: first.height), "Tensor(normalizing:)",
            "crop \(part) of images of \(first.width)x\(first.height)")
        ShapeCheck.require(
            flips.isEmpty || flips.count == images.count, "Tensor(normalizing:)",
            "\(flips.count) flips, \(images.count) images")
        self.init(uninitialized: [images.count, part.height, part.width, 3])
        let output = float32Pointer, scale = normalization.scale, offset = normalization.offset, row = 3 * part.width
        Parallel.run(images.count, grain: Swift.max(1, (1 << 16) / (row * part.height))) { range in
            for n in range {
                let image = images[n], isFlipped = !flips.isEmpty && flips[n], stride = 3 * image.width
                let corner = image.base + part.y * stride + 3 * part.x
                for y in 0..<part.height {
                    let from = corner + y * stride, to = output + row * (n * part.height + y)
                    if isFlipped {
                        concord_pixels_normalized_reversed(to, from, part.width, scale, offset)
                    } else {
                        concord_pixels_normalized(to, from, part.width, scale, offset)
                    }
                }
            }
        }
    }

    /// A batch from images of one size, `[N, H, W, 3]` float32, normalized by CLIP's means and standard deviations
    /// unless said otherwise.
    public static func stack(_ images: [Image], _ normalization: Normalization = .clip) -> Tensor {
        Tensor(normalizing: images, normalization)
    }
}
