import ArgumentParser

/// A length of time on the command line: a number with s, m or h, or H:MM:SS as batch systems write it.
struct TimeSpan: ExpressibleByArgument {
  let seconds: Double

  init(seconds: Double) {
    self.seconds = seconds
  }

  init?(argument: String) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    if let last = argument.last, let unit = units[last], let number = Double(argument.dropLast()), number > 0,
      number.isFinite
    {
      seconds = number * unit
    } else if let clock = Self(clock: argument), clock.seconds > 0 {
      self = clock
    } else {
      return nil
    }
  }

  /// Reads [D-]H:MM:SS, MM:SS, or D-H, the ways in which Slurm writes time.
  init?(clock: String) {
    let halves = clock.split(separator: "-", maxSplits: 1)
    guard let rest = halves.last, clock.contains(where: { ":-".contains($0) }) else { return nil }
    let days = halves.count == 2 ? Double(halves[0]) : 0
    var fields = rest.split(separator: ":").map { Double($0) }
    // With days, fields count from hours; without, from seconds.
    if halves.count == 2 { while fields.count < 3 { fields.append(0) } }
    guard let days, fields.count <= 3, fields.allSatisfy({ $0 != nil && $0! >= 0 }) else { return nil }
    seconds = days * 86400 + fields.reduce(0) { $0 * 60 + $1! }
  }

  var defaultValueDescription: String { "\(Int(seconds))s" }
}
