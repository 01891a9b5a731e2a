import ArgumentParser
import Grids
import ScanPlan

/// What a layer is divided into, if not into the cells of a grid.
struct RegionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      channels, positions or units: each by itself; heads of attention, or head-positions: each at each position; tokens of a \
      sequence, without padding; patches of a picture; or a file of region numbers from 0 on, -1 for units that stay intact: .npy, one \
      number a unit, a place or a channel, or .npz with such an array for each tensor, by its name.
      """, valueName: "regions"))
  var regions: String?

  @Option(help: ArgumentHelp("The regions' names, one a line, in the order of their numbers.", valueName: "file"))
  var regionNames: String?

  @Option(
    help: ArgumentHelp(
      "A tokenizer's vocabulary (vocab.txt, vocab.json or tokenizer.json): --regions tokens are named by what all stimuli have there.",
      valueName: "file"))
  var vocabulary: String?

  /// Puts into the options what was asked for.
  ///
  /// - Parameter hasGrid: whether a grid was asked for too.
  /// - Throws: `ValidationError` that names the option and what it takes.
  func apply(to options: inout MeasurementOptions, hasGrid: Bool) throws {
    options.regionNames = regionNames
    options.vocabulary = vocabulary
    if vocabulary != nil, regions != "tokens" {
      throw ValidationError("--vocabulary names --regions tokens: give both, or leave it out.")
    }
    guard let regions else { return }
    guard !hasGrid else {
      throw ValidationError("--grid and --regions exclude each other: leave one of them out.")
    }
    switch regions {
    case "channels": options.grid = .channels
    case "positions": options.grid = .positions
    case "units": options.grid = .units
    case "heads": options.regions = .heads
    case "head-positions": options.regions = .headPositions
    case "tokens": options.regions = .tokens
    case "patches": options.regions = .patches
    default:
      guard regions.hasSuffix(".npy") || regions.hasSuffix(".npz") else {
        throw ValidationError(
          "--regions \(regions) is none of channels, positions, units, heads, head-positions, tokens, patches, or a file of numbers, .npy or .npz."
        )
      }
      options.regions = .file(regions)
    }
  }
}
