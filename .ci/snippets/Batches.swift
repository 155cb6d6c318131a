func step(_ batch: Pair) {}
