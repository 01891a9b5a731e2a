import ArgumentParser
import Grids
import ScanPlan

/// What a layer is divided into, if not into the cells of a grid.
struct RegionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      channels, positions or units: each by itself; or a file of region numbers from 0 on, -1 for units that stay intact: .npy, one \
      number a unit, a place or a channel, or .npz with such an array for each tensor, by its name.
      """, valueName: "regions"))
  var regions: String?

  @Option(help: ArgumentHelp("The regions' names, one a line, in the order of their numbers.", valueName: "file"))
  var regionNames: String?

  /// Puts into the options what was asked for.
  ///
  /// - Parameter hasGrid: whether a grid was asked for too.
  /// - Throws: `ValidationError` that names the option and what it takes.
  func apply(to options: inout MeasurementOptions, hasGrid: Bool) throws {
    options.regionNames = regionNames
    guard let regions else { return }
    guard !hasGrid else {
      throw ValidationError("--grid and --regions exclude each other: leave one of them out.")
    }
    switch regions {
    case "channels": options.grid = .channels
    case "positions": options.grid = .positions
    case "units": options.grid = .units
    default:
      guard regions.hasSuffix(".npy") || regions.hasSuffix(".npz") else {
        throw ValidationError("--regions \(regions) is none of channels, positions, units, or a file of numbers, .npy or .npz.")
      }
      options.regions = .file(regions)
    }
  }
}
