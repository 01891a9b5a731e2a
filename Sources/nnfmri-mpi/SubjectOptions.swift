import ArgumentParser

/// The files of a finished scan, for commands that run its network again.
struct SubjectOptions: ParsableArguments {
  @Option(help: "The network, where it is no longer where the scan found it.")
  var model: String?

  @Option(help: "The stimuli, likewise.")
  var data: String?

  @Option(help: "The file of labels, where the scan was given one.")
  var labels: String?
}
