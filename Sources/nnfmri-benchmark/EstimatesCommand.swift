import ArgumentParser
import Glibc
import Reporting
import Shapley

/// Times what a series' estimate costs beside its forward passes.
struct EstimatesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimates",
    abstract: "Time the estimates of series from their values.",
    discussion: """
      Values are those of a network with one hidden layer of rectifiers, with random weights. The first series of a layer \
      draws the pairs and factors the regression's system, which the others of up to 512 regions share; of those the \
      median is given. Memory is the process' peak so far. One thread.
      """)

  @Option(parsing: .upToNextOption, help: "Regions.")
  var regions: [Int] = [256]

  @Option(parsing: .upToNextOption, help: "Evaluations a region.")
  var samples: [Int] = [16]

  private static let estimators = [EstimatorName.regression, .cubic]

  @Option(help: "Series that are timed.")
  var series = 7

  func validate() throws {
    guard series >= 1 else { throw ValidationError("--series \(series): time at least one.") }
    if let samples = samples.first(where: { !(1...1024).contains($0) }) {
      throw ValidationError("--samples \(samples): give 1 to 1024 evaluations a region.")
    }
  }

  func run() throws {
    var table = TextTable(["regions", "samples", "estimator", "first, ms", "others, ms", "peak, MB"])
    for players in regions {
      let game = RectifierGame(players: players)
      for samples in samples {
        for estimator in Self.estimators {
          let memory = DesignMemory()
          let times = try (0..<series).map { try time(estimator, game, samples: samples, series: UInt64($0), memory) }
          let others = times.dropFirst().sorted()
          table.append([
            "\(players)", "\(samples)", estimator.rawValue, Number.fixed(1000 * times[0], 1),
            others.isEmpty ? "" : Number.fixed(1000 * others[others.count / 2], 1),
            "\(peakMegabytes())",
          ])
        }
      }
    }
    print(table.text)
  }

  private func peakMegabytes() -> Int {
    var usage = rusage()
    unsafe getrusage(RUSAGE_SELF.rawValue as __rusage_who_t, &usage)
    return usage.ru_maxrss >> 10
  }

  /// Seconds.
  private func time(
    _ estimator: EstimatorName, _ game: RectifierGame, samples: Int, series: UInt64, _ memory: DesignMemory
  ) throws -> Double {
    let design = try Design(
      estimator: estimator, players: game.playerCount, budget: samples * game.playerCount, seed: UInt64(samples), stream: series,
      memory: memory)
    let values = design.coalitions(in: 0..<design.rowCount).map { game.value(of: $0) }
    let clock = ContinuousClock()
    let duration = try clock.measure { _ = try design.estimate(values: values, by: estimator) }
    return duration / .seconds(1)
  }
}
