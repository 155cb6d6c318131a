let clips: Waveform = any()
