import ArgumentParser
import Phantom
import UserErrors

struct PhantomCommand: SingleProcessCommand {
  /// The kinds of phantom.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case glyphs, movie, conv, dense, sequence, induction
  }

  /// Stimuli, unless told otherwise.
  private static let stimuli = 64
  private static let movieLength = 80 * MoviePhantom.segmentLength

  enum Placement: String, ExpressibleByArgument, CaseIterable {
    case fixed, anywhere
  }

  static let configuration = CommandConfiguration(
    commandName: "phantom", abstract: "Write a phantom: a network and stimuli with a known answer.",
    discussion: """
      glyphs: a trained network and images with a glyph; the truth is where the glyph lies. conv, dense, sequence: \
      networks whose every Shapley and Banzhaf value is known in closed form. movie: a stream of images in which a glyph \
      flickers, rests and is corrupted at known times, for scan --stream. induction: a transformer of two blocks whose every \
      head does one known thing, for scan --regions heads --position last. Files: model.onnx, stimuli, truth.json.
      """)

  @Argument(help: "glyphs, movie, conv, dense, sequence or induction.")
  var kind: Kind

  @Option(help: "How many stimuli; of a movie, whole segments of 256. (default: 64, or 20480 of a movie)")
  var count: Int?

  @Option(help: "The number that the phantom follows from.")
  var seed: UInt64 = 42

  @Option(help: "Largest order of interactions in conv, dense and sequence: 1, 2 or 3.")
  var order = 3

  @Option(
    help: """
      Glyphs: fixed shows one glyph in one place, as a scan wants; anywhere shows all ten in any place, as training does. \
      Induction: fixed repeats the same positions in all stimuli; anywhere starts at any.
      """)
  var placement = Placement.fixed

  @Option(help: "Movie: planted, its frames shuffled, or noise instead of images.")
  var frames = MoviePhantom.Order.planted

  @Option(help: "The folder to write.")
  var out = "nnfmri-phantom"

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count \(count) is below 1.") }
    let least = 20 * MoviePhantom.segmentLength
    if kind == .movie, let count, count < least {
      throw ValidationError("--count \(count) is below \(least), which a movie needs to show everything.")
    }
    guard (1...3).contains(order) else { throw ValidationError("--order \(order) is none of 1, 2, 3.") }
  }

  func run() throws {
    do {
      let stimuli = count ?? Self.stimuli
      switch kind {
      case .glyphs:
        try GlyphPhantom(count: stimuli, seed: seed, placement: placement == .fixed ? .fixed : .anywhere).write(to: out)
      case .movie:
        try MoviePhantom(
          segmentCount: (count ?? Self.movieLength) / MoviePhantom.segmentLength, seed: seed, order: frames
        ).write(to: out)
      case .conv, .dense, .sequence:
        try AnalyticPhantom(shape: AnalyticPhantom.Shape(rawValue: kind.rawValue)!, order: order, seed: seed)
          .write(to: out, stimulusCount: stimuli)
      case .induction:
        try InductionPhantom(seed: seed, isFixed: placement == .fixed).write(to: out, stimulusCount: stimuli)
      }
    } catch {
      complain(error.message)
      throw ExitCode(Int32(ExitStatus.cannotWrite.rawValue))
    }
    print("Wrote \(out)/: model.onnx, \(kind == .glyphs || kind == .movie ? "stimuli.bin" : "stimuli.npz"), truth.json")
  }
}

extension MoviePhantom.Order: ExpressibleByArgument {}
