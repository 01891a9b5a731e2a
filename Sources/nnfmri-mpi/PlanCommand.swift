import ArgumentParser
import Reporting
import Scan
import ScanPlan
import UserErrors

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Say what a scan would take: series, evaluations, memory and time on 1 to 256 ranks.",
    discussion: "Measures one batch of each layer on this machine; scans nothing.")

  @OptionGroup var options: ScanOptions

  func run() throws {
    do {
      let subject = try ScanSubject(options, resumes: true, writesPhantom: true)
      let parts = subject.parts(options)
      for (title, request) in parts {
        if parts.count > 1 { print("\(title):\n") }
        print(PlanSummary(try Forecast(request)).text)
      }
    } catch {
      let error = Failure(error)
      complain(error.message)
      throw ExitCode(Int32(error.exitStatus.rawValue))
    }
  }
}
