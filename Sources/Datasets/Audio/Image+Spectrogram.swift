import ConcordLayers
import ConcordTensors

extension Image {
    /// A sound as an image: time to the right, mel bands upwards, 60 dB from dark to bright.
    ///
    /// - Parameter bands: the image's height. Its width is chosen so that the whole sound has as many columns, or at
    ///   least one.
    public init(spectrogramOf sound: Audio, bands: Int = 64) {
        ShapeCheck.require(
            bands > 0 && sound.count > 0, "Image(spectrogramOf:)", "\(bands) bands of \(sound.count) samples")
        let window = max(16, sound.rate / 32)
        let mel = LogMel(
            LogMel.Configuration(
                rate: sound.rate, fftSize: window, hop: max(1, sound.count / bands), mels: bands,
                logarithm: .decibels(below: 60)))
        // [1, T, bands]
        let frames = mel(Waveform([sound.samples], length: max(sound.count, window), rate: sound.rate))
        let values = frames.scalars, width = frames.shape[1], top = values.max() ?? 0
        var pixels = [UInt8](repeating: 0, count: width * bands * 3)
        for column in 0..<width {
            for band in 0..<bands {
                let color = Self.heat(1 + (values[column * bands + band] - top) / 60)
                let place = 3 * ((bands - 1 - band) * width + column)
                (pixels[place], pixels[place + 1], pixels[place + 2]) = (color.red, color.green, color.blue)
            }
        }
        self.init(pixels: Tensor(pixels, shape: [bands, width, 3]))
    }

    /// From night blue through red to pale yellow, for a level in 0...1.
    private static func heat(_ level: Float) -> Color {
        let stops: [(Float, Float, Float)] = [
            (8, 8, 36), (84, 20, 110), (200, 60, 70), (250, 160, 40), (252, 252, 190),
        ]
        let place = min(max(level, 0), 1) * Float(stops.count - 1), index = min(Int(place), stops.count - 2),
            fraction = place - Float(index)
        func mixed(_ a: Float, _ b: Float) -> UInt8 { UInt8(a + (b - a) * fraction) }
        let (a, b) = (stops[index], stops[index + 1])
        return Color(mixed(a.0, b.0), mixed(a.1, b.1), mixed(a.2, b.2))
    }
}
