import ArgumentParser

@main
struct NNFMRIBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nnfmri-benchmark", abstract: "What Scripts/benchmark and Scripts/benchmark-estimators run.",
    subcommands: [
      PassesCommand.self, EstimatesCommand.self, GameCommand.self, GradientsCommand.self, MonitorFaultsCommand.self,
      MonitorLatencyCommand.self, SuffixCommand.self,
    ])
}
