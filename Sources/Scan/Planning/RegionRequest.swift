import Files
import Grids
import ModelGraph
import Networks
import OnnxRuntime
import ScanPlan
import Shapley
import Stimuli
import UserErrors

/// What a request says about regions, with its files read.
struct RegionRequest {
  /// What a layer is divided into.
  struct Choice {
    var parcellation: Parcellation
    var labels: RegionLabels?
    var names: [String]?
    var notes: [String] = []
  }

  private let grid: GridSize
  private let source: RegionSource?
  private let file: RegionFile?
  private let attention: AttentionRegions?
  private let names: [String]?
  private let stimuli: StimulusSet
  private let namesFile: String

  /// - Throws: `FileError` or `GridError` where a file can't be read or holds no regions; what reading a stimulus throws.
  init(_ options: MeasurementOptions, _ survey: NetworkSurvey, stimuli: StimulusSet, runtime: Runtime) throws {
    grid = options.grid
    self.stimuli = stimuli
    source = options.regions
    switch options.regions {
    case .file(let path):
      (file, attention) = (try RegionFile(path), nil)
    case .heads, .headPositions, .tokens, .patches:
      file = nil
      attention = try AttentionRegions(survey, stimuli: stimuli, runtime: runtime, vocabulary: options.vocabulary)
    case nil:
      (file, attention) = (nil, nil)
    }
    namesFile = options.regionNames ?? ""
    names = try options.regionNames.map(Self.readNames)
  }

  /// Which layers are scanned: those that have regions of their own, where nothing else is asked for.
  ///
  /// - Throws: `Failure` (`badInput`) where heads are asked for and none are found.
  func layers(_ asked: LayerSelection) throws(Failure) -> LayerSelection {
    guard asked == .automatic else { return asked }
    if source == .heads || source == .headPositions, let tensors = attention?.headLayers {
      guard !tensors.isEmpty else {
        throw Failure(
          .badInput,
          attention?.hiddenHeads.map {
            "--regions heads: \"\($0)\" keeps heads apart, but neither it nor what follows before they are mixed can be scanned; 'nnfmri-mpi layers --all' says why"
          }
            ?? attention?.unrecognised.first.map {
              "--regions heads: the softmax \"\($0)\" weighs data in a way in which no heads were told; give the numbers of regions in a file, with --regions FILE"
            }
            ?? "--regions heads: no attention with heads of their own was found in the graph; give the numbers of regions in a file, with --regions FILE"
        )
      }
      return LayerSelection(items: tensors.map { .named($0) })
    }
    guard let tensors = file?.tensors else { return asked }
    return LayerSelection(items: tensors.map { .named($0) })
  }

  /// - Throws: `GridError`: `badInput` with the end of a sentence that begins with the layer where it can't be divided so.
  ///   Whatever reading stimuli or a vocabulary throws.
  func choice(for layer: NetworkSurvey.Layer) throws -> Choice {
    let axes = layer.layout.axes!
    let geometry = try TensorGeometry(shape: layer.shape, height: axes.height, width: axes.width, channels: axes.channels)
    var choice: Choice
    if let file {
      let labels = try file.labels(of: layer.candidate.tensor)
        .fitted(to: layer.shape, places: axes.height + axes.width, channels: axes.channels)
      choice = Choice(parcellation: try Parcellation(labels, over: geometry), labels: labels)
    } else if let attention, let source {
      let division = try attention.division(of: layer, by: source)
      choice = Choice(
        parcellation: try Parcellation(division.labels, size: division.size, names: division.names, over: geometry),
        labels: division.labels, names: division.names, notes: division.notes)
    } else {
      if grid == .positions, geometry.height * geometry.width == 1 {
        throw GridError(.badInput, "it is one list of features, without positions")
      }
      choice = Choice(parcellation: Parcellation(Grid(grid, over: geometry)))
    }
    let count = choice.parcellation.regionCount
    guard count <= GradientDesign.largestPlayerCount else {
      throw GridError(
        .badInput, "it would have \(count) regions, and at most \(GradientDesign.largestPlayerCount) can be measured")
    }
    if let names = names ?? columnNames(of: layer, over: geometry), names.count == count {
      choice.names = names
      if let labels = choice.labels {
        choice.parcellation = try Parcellation(labels, size: choice.parcellation.size, names: names, over: geometry)
      } else {
        choice.parcellation = Parcellation(Grid(grid, over: geometry), names: names)
      }
    }
    return choice
  }

  /// What the cells of a grid over a table's columns are called: as their column, or their first and last ones; `nil` for other layers.
  private func columnNames(of layer: NetworkSurvey.Layer, over geometry: TensorGeometry) -> [String]? {
    guard layer.role.kind == .input, source == nil, geometry.height * geometry.width == 1,
      let columns = stimuli.columnNames(of: layer.candidate.tensor), columns.count == geometry.channels
    else { return nil }
    let grid = Grid(grid, over: geometry)
    let names = (0..<grid.regionCount).map { region in
      let place = grid.extent(of: region).channels
      return place.count == 1 ? columns[place.lowerBound] : "\(columns[place.lowerBound]) to \(columns[place.upperBound - 1])"
    }
    return Set(names).count == names.count ? names : nil
  }

  /// What a user should know of the regions of the layers that are scanned.
  ///
  /// - Throws: `Failure` (`badInput`) where there are names, and no layer has as many regions.
  func notes(on layers: [ScanPlan.Layer]) throws -> [String] {
    var notes: [String] = []
    if let names {
      let others = layers.filter { $0.regionNames != names }
      if let other = others.first, others.count == layers.count {
        throw Failure(
          .badInput,
          "\(namesFile) has \(names.count) names, and layer \"\(other.tensor)\" has \(other.regionCount) regions: give one name a line for each"
        )
      }
      for layer in others {
        notes.append("Layer \"\(layer.tensor)\" has \(layer.regionCount) regions and doesn't take the \(names.count) names.")
      }
    }
    // Of layers that were named nothing is left out.
    if source == .heads || source == .headPositions, let attention, let first = attention.unrecognised.first,
      Set(attention.headLayers).isSubset(of: layers.map(\.tensor))
    {
      let count = attention.unrecognised.count
      notes.append(
        """
        \(count) softmax\(count == 1 ? " weighs" : "es weigh") data in a way in which no heads were told, and \(count == 1 ? "isn't" : "aren't") \
        among the layers, as "\(first)"\(count > 1 ? " the first" : ""); --regions FILE takes any division.
        """)
    }
    let whole = layers.filter { $0.regionCount == 1 }
    if let first = whole.first {
      let others = whole.count - 1
      notes.append(
        """
        \(first.label)\(others > 0 ? " and \(others) more layer\(others > 1 ? "s" : "")" : "") \(others > 0 ? "have" : "has") one region, whose ζ \
        is the whole effect: nothing is told apart there. Give --regions or a --grid that divides \(others > 0 ? "them" : "it").
        """)
    }
    // Whose grid isn't what one expects of a volume.
    if let volume = layers.first(where: { $0.layout.contains("D") && $0.regionLabels == nil && $0.grid[0] > 1 }) {
      notes.append(
        """
        \(volume.label) is of volumes, and a grid's rows go through their slices one after another (depth · height), so a cell may be whole \
        slices: --regions FILE takes blocks.
        """)
    }
    for layer in layers {
      guard let labels = layer.regionLabels else { continue }
      let intact = labels.regions.count { $0 == RegionLabels.intact }
      guard intact > 0, file != nil else { continue }
      let share = 100 * Double(intact) / Double(labels.regions.count)
      notes.append(
        "Layer \"\(layer.tensor)\": \(Int(share.rounded())) % of its units are in no region and stay intact, also where all regions are lesioned."
      )
    }
    if layers.contains(where: { $0.regionLabels != nil && $0.grid[2] == $0.regionCount }) {
      notes.append("Regions that are no grid have no NIfTI volumes: maps/ has a table of each such layer instead.")
    }
    return notes
  }

  /// One a line, from 0 on.
  private static func readNames(_ path: String) throws -> [String] {
    let bytes = try FileBytes(contentsOf: path)
    guard let text = String(validating: bytes[0..<bytes.count], as: UTF8.self) else {
      throw FileError(.badInput, "\(path) is no UTF-8 text: give the regions' names, one a line")
    }
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
    while lines.last?.allSatisfy(\.isWhitespace) ?? false { lines.removeLast() }
    guard !lines.isEmpty else { throw FileError(.badInput, "\(path) is empty: give the regions' names, one a line") }
    var seen: [String: Int] = [:]
    for (number, line) in lines.enumerated() {
      guard !line.allSatisfy(\.isWhitespace), !line.contains("\t") else {
        throw FileError(.badInput, "\(path): line \(number + 1) is empty or holds a tab: give a name of a region on each line")
      }
      if let other = seen.updateValue(number, forKey: line) {
        throw FileError(
          .badInput, "\(path): lines \(other + 1) and \(number + 1) are the same, \"\(line)\": give each region a name of its own"
        )
      }
    }
    return lines
  }
}
