import ArgumentParser

/// The group of commands that judge a network by what it normally does.
struct MonitorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "monitor",
    abstract: "Learn what a network normally does, and judge each stimulus, and the stream of them, by it.",
    discussion: """
      First 'monitor learn' with stimuli that are normal; then 'monitor REF --data STIMULI', which is short for 'monitor judge'. \
      A stimulus costs one forward pass.
      """,
    subcommands: [MonitorLearnCommand.self, MonitorJudgeCommand.self, MonitorExplainCommand.self],
    defaultSubcommand: MonitorJudgeCommand.self)
}
