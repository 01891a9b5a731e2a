import ArgumentParser
import ScanPlan

extension ScanPart: ExpressibleByArgument {
  /// Reads i/n.
  public init?(argument: String) {
    let fields = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard fields.count == 2, let number = fields[0], let count = fields[1] else { return nil }
    self.init(number: number, count: count)
  }
}
