import CKernels
import ConcordTensors

/// Changes of color, each equal to torchvision's on a Pillow image, bit for bit.
extension Image {
    /// Every value times `factor`: 0 is black, 1 the image itself.
    public func withBrightness(_ factor: Float) -> Image { blended(withLevel: 0, factor) }

    /// Differences from the image's mean luma times `factor`: 0 is plain gray.
    public func withContrast(_ factor: Float) -> Image {
        let mean = Double(concord_luma_sum(base, width * height)) / Double(width * height)
        return blended(withLevel: Float(Int(mean + 0.5)), factor)
    }

    /// Differences from each pixel's own luma times `factor`: 0 is a gray image.
    public func withSaturation(_ factor: Float) -> Image {
        mapped { concord_blend_with_luma($0, $1, width * height, factor) }
    }

    /// Hues turned by `turns` of the color circle, -0.5 to 0.5.
    public func withHue(turnedBy turns: Float) -> Image {
        ShapeCheck.require(abs(turns) <= 0.5, "withHue", "\(turns) turns are not in -0.5 ... 0.5")
        return mapped {
            concord_hue_shifted($0, $1, width * height, UInt8(truncatingIfNeeded: Int(Double(turns) * 255)))
        }
    }

    /// The luma (ITU-R BT.601) in all three channels.
    public func grayscale() -> Image { mapped { concord_luma($0, $1, width * height) } }

    /// Values from `threshold` on inverted.
    public func solarized(threshold: Int = 128) -> Image {
        mapped { concord_solarized($0, $1, count, UInt32(clamping: threshold)) }
    }

    private func blended(withLevel level: Float, _ factor: Float) -> Image {
        mapped { concord_blend_with_level($0, $1, count, level, factor) }
    }

    private func mapped(_ body: (UnsafeMutablePointer<UInt8>, UnsafePointer<UInt8>) -> Void) -> Image {
        let output = Image(uninitializedWidth: width, height: height)
        body(output.base, base)
        return output
    }
}
