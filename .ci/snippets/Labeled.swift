let images: Tensor = any(), clips: Waveform = any()
