"""A digest of what a tokenizer makes, as Tests/TokenizersTests computes it."""


class Digest:
    """FNV-1a, 64 bits."""

    def __init__(self):
        self.value = 0xCBF29CE484222325

    def add(self, data: bytes):
        for byte in data:
            self.value = ((self.value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
        return self

    def ids(self, ids):
        return self.add(b"".join(i.to_bytes(4, "little") for i in ids) + b"\xff\xff\xff\xff")

    def __str__(self):
        return f"{self.value:016x}"
