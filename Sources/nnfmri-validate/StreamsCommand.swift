import ArgumentParser

struct StreamsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "streams", abstract: "Compare scans of movies with what was planted, as a section of the page.")

  @Argument(help: "The folder of scanned movies that Scripts/validate makes.")
  var folder: String

  @Argument(help: "Further streams in that folder, without a truth.")
  var others: [String] = []

  func run() throws {
    print(
      """

      ## Streams

      What a scan finds of a movie phantom (80 segments of 256 frames at 256 Hz, seed 42, the first half reference), with
      windows of one segment, 4 scanned stimuli each, grid 4x4x2, K = 8, target label. *Frequency*: windows with flicker whose
      dominant frequency is at most a bin of 2 Hz from the planted one. *Band*: whose dominant band is the planted one.
      *State*: windows behind the reference that are called active (fast flicker), processing (slow), idle or anomalous
      (corrupted) as planted. *AUC*: how often a corrupted window's score is above a normal one's, behind the reference.
      The bars, over all layers: every frequency within a bin, bands above 0.95, AUC above 0.95, states above 0.9.
      *Consistency*: also of the same frames in random order, of noise instead of images and, where they are to hand, of
      1,000 CIFAR-10 images in the order of their file, through a ResNet-20, with windows of 64 every 32: streams without
      rhythm, in which nothing but chance should be found. Targets: 0.7 for ρ_γζ, 0.8 for the consistency.

      \(try MovieReport(folder: folder, others: others).report())
      """)
  }
}
