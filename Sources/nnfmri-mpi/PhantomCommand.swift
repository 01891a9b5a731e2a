import ArgumentParser

struct PhantomCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "phantom", abstract: "Write phantom models, stimuli and their truth.")
}
