import ArgumentParser
import ModelGraph
import Reporting
import Scan
import ScanPlan
import UserErrors

struct PlanCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Say what a scan would take: series, evaluations, memory and time on 1 to 256 ranks.",
    discussion: "Measures one batch of each layer on this machine; scans nothing.")

  @OptionGroup var options: ScanOptions

  func run() throws {
    do {
      let subject = try ScanSubject(options, resumes: true, writesPhantom: true)
      let parts = subject.parts(options)
      var measured: LayerSelection?
      for (title, asked) in parts {
        var request = asked
        // Of a mediator the total effect is measured where the direct one was.
        if options.paths.mediator != nil, let measured { request.measurement.layers = measured }
        let forecast = try Forecast(request)
        measured = LayerSelection(items: forecast.plan.layers.map { .named($0.tensor) })
        if parts.count > 1 { print("\(title):\n") }
        print(PlanSummary(forecast).text)
      }
    } catch {
      let error = Failure(error)
      complain(error.message)
      throw ExitCode(Int32(error.exitStatus.rawValue))
    }
  }
}
