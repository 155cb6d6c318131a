let encoder: WaveformEncoder = any()
