import ArgumentParser
import Phantom
import Scan

struct PhantomCommand: ParsableCommand {
  /// The kinds of phantom.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case glyphs, conv, dense, sequence
  }

  enum Placement: String, ExpressibleByArgument, CaseIterable {
    case fixed, anywhere
  }

  static let configuration = CommandConfiguration(
    commandName: "phantom", abstract: "Write a phantom: a network and stimuli with a known answer.",
    discussion: """
      glyphs: a trained network and images with a glyph; the truth is where the glyph lies. conv, dense, sequence: \
      networks whose every Shapley and Banzhaf value is known in closed form. Files: model.onnx, stimuli, truth.json.
      """)

  @Argument(help: "glyphs, conv, dense or sequence.")
  var kind: Kind

  @Option(help: "How many stimuli.")
  var count = 64

  @Option(help: "The number that the phantom follows from.")
  var seed: UInt64 = 42

  @Option(help: "Largest order of interactions in conv, dense and sequence: 1, 2 or 3.")
  var order = 3

  @Option(
    help: "Glyphs: fixed shows one glyph in one place, as a scan wants; anywhere shows all ten in any place, as training does.")
  var placement = Placement.fixed

  @Option(help: "The folder to write.")
  var out = "nnfmri-phantom"

  func validate() throws {
    guard count > 0 else { throw ValidationError("--count \(count) is below 1.") }
    guard (1...3).contains(order) else { throw ValidationError("--order \(order) is none of 1, 2, 3.") }
  }

  func run() throws {
    do {
      switch kind {
      case .glyphs:
        try GlyphPhantom(count: count, seed: seed, placement: placement == .fixed ? .fixed : .anywhere).write(to: out)
      case .conv, .dense, .sequence:
        try AnalyticPhantom(shape: AnalyticPhantom.Shape(rawValue: kind.rawValue)!, order: order, seed: seed)
          .write(to: out, stimulusCount: count)
      }
    } catch {
      complain(error.message)
      throw ExitCode(Int32(ScanError.Code.cannotWrite.rawValue))
    }
    print("Wrote \(out)/: model.onnx, \(kind == .glyphs ? "stimuli.bin" : "stimuli.npz"), truth.json")
  }
}
