import CKernels
import CWebP
import ConcordTensors

/// A WebP file in memory, lossy or lossless, with alpha or without; of an animation, the first frame.
struct WebPReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let path: String
    private let features: WebPBitstreamFeatures

    /// - Parameter bytes: the file; must outlive the reader.
    init(_ bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
        (self.bytes, self.path) = (bytes, path)
        var features = WebPBitstreamFeatures()
        let status = WebPGetFeatures(bytes.baseAddress, bytes.count, &features)
        guard status == VP8_STATUS_OK, features.width > 0, features.height > 0 else {
            throw ImageError.damaged(path: path, reason: Self.text(status))
        }
        self.features = features
        let promised = 8 + (4..<8).reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
        if promised > bytes.count {
            throw ImageError.damaged(
                path: path, reason: "the file ends \(promised - bytes.count) bytes before its header says")
        }
    }

    /// Size as stored; of an animation, the canvas's.
    var width: Int { Int(features.width) }
    var height: Int { Int(features.height) }
    var orientation: Orientation { Orientation(tiff: exif ?? UnsafeBufferPointer(start: nil, count: 0)) }

    /// - Parameter background: what is visible where the image is transparent.
    func decode(over background: Image.Color) throws -> Image {
        let image = Image(uninitializedWidth: width, height: height)
        if features.has_animation != 0 {
            try composite(firstFrame, onto: image, over: background)
        } else if features.has_alpha != 0 {
            let layers = Tensor(uninitialized: [height, width, 4], .uint8)
            try decode(MODE_RGBA, into: layers.uint8Pointer, channels: 4)
            try composite({ body in body(layers.uint8Pointer) }, onto: image, over: background)
        } else {
            try decode(MODE_RGB, into: image.base, channels: 3)
        }
        return image
    }

    private func composite(
        _ layers: ((UnsafePointer<UInt8>) -> Void) throws -> Void, onto image: Image, over background: Image.Color
    ) throws {
        try layers {
            concord_pixels_composited(
                image.base, $0, width * height, [background.red, background.green, background.blue])
        }
    }

    private func decode(_ mode: WEBP_CSP_MODE, into pixels: UnsafeMutablePointer<UInt8>, channels: Int) throws {
        var config = WebPDecoderConfig()
        guard WebPInitDecoderConfig(&config) != 0 else {
            throw ImageError.unsupported(path: path, reason: "libwebp is of another version")
        }
        config.output.colorspace = mode
        config.output.is_external_memory = 1
        config.output.u.RGBA.rgba = pixels
        config.output.u.RGBA.stride = Int32(channels * width)  // a side is at most 16383
        config.output.u.RGBA.size = channels * width * height
        let status = WebPDecode(bytes.baseAddress, bytes.count, &config)
        guard status == VP8_STATUS_OK else { throw ImageError.damaged(path: path, reason: Self.text(status)) }
    }

    /// The canvas after an animation's first frame.
    private func firstFrame(_ body: (UnsafePointer<UInt8>) -> Void) throws {
        var data = WebPData(bytes: bytes.baseAddress, size: bytes.count)
        guard let decoder = WebPAnimDecoderNew(&data, nil) else {
            throw ImageError.damaged(path: path, reason: "its animation cannot be decoded")
        }
        defer { WebPAnimDecoderDelete(decoder) }
        var pixels: UnsafeMutablePointer<UInt8>?, time: Int32 = 0, info = WebPAnimInfo()
        guard WebPAnimDecoderGetInfo(decoder, &info) != 0, Int(info.canvas_width) == width,
            Int(info.canvas_height) == height,
            WebPAnimDecoderGetNext(decoder, &pixels, &time) != 0, let pixels
        else { throw ImageError.damaged(path: path, reason: "the first frame of its animation cannot be decoded") }
        body(pixels)
    }

    /// The TIFF block in the chunk named `EXIF`, nil where there is none.
    private var exif: UnsafeBufferPointer<UInt8>? {
        var offset = 12
        while offset + 8 <= bytes.count {
            let size = (offset + 4..<offset + 8).reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
            guard size <= bytes.count - offset - 8 else { return nil }
            if bytes[offset..<offset + 4].elementsEqual("EXIF".utf8) {
                let block = UnsafeBufferPointer(rebasing: bytes[offset + 8..<offset + 8 + size])
                // Some writers keep JPEG's prefix.
                return block.starts(with: Array("Exif\0\0".utf8)) ? UnsafeBufferPointer(rebasing: block[6...]) : block
            }
            offset += 8 + size + size & 1
        }
        return nil
    }

    private static func text(_ status: VP8StatusCode) -> String {
        switch status {
        case VP8_STATUS_OUT_OF_MEMORY: "out of memory"
        case VP8_STATUS_NOT_ENOUGH_DATA: "the file ends too early"
        case VP8_STATUS_UNSUPPORTED_FEATURE: "it uses a feature that libwebp does not decode"
        default: "its WebP data are corrupt"
        }
    }
}
