let clips: Video = any()
