public import ArgumentParser
public import Concord

extension Precision: ExpressibleByArgument {}
