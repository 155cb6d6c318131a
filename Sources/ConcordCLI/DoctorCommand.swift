import ArgumentParser
import Concord

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Shows the processor, the kernels in use and why, threads, library versions and memory.")

    @OptionGroup var threads: ThreadOptions

    func run() throws {
        threads.apply()
        for (name, value) in Processor.report() { print(name.padding(to: 18) + value) }
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
