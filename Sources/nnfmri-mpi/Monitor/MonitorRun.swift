import ArgumentParser
internal import Glibc
import Monitoring
import UserErrors

/// What the monitor's commands share.
enum MonitorRun {
  /// The exit code of an alarm that was asked to fail on.
  static let alarmCode: Int32 = 1

  /// Runs the body, and tells a failure in a sentence with its exit code.
  ///
  /// - Parameter quiet: whether another process of the same command tells it.
  static func reportingFailures(quiet: Bool = false, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch let code as ExitCode {
      throw code
    } catch {
      let error = Failure(error)
      if !quiet { complain(error.message) }
      throw ExitCode(Int32(error.exitStatus.rawValue))
    }
  }

  /// How many stimuli are outliers, and how many of normal ones usually are.
  static func counts(_ stimuli: Int, outliers: Int, rate: OutlierRate) -> String {
    let usual = rate.usual(among: stimuli)
    let range = usual.count == 1 ? "\(usual.lowerBound)" : "\(usual.lowerBound) to \(usual.upperBound)"
    return "\(stimuli) stimuli, \(outliers) outliers (of normal ones \(range), in 95 of 100 cases)."
  }

  /// A number with three digits.
  static func short(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return "\(value)" }
    let scale = pow(10, 2 - floor(log10(abs(value))))
    return "\((value * scale).rounded() / scale)"
  }
}
