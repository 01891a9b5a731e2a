import Anatomy
import Grids
import Lesion
import ScanPlan
import ScanResults
import Shapley
import Statistics
import Stimuli

/// Every stimulus with the map of its own ζ in each layer, what the network answers without its strongest regions, and mean maps
/// of groups: numbers that the page's script draws from.
struct StimulusSection {
  /// ζ that a page holds at most, over layers and stimuli: 4 MB of text.
  private static let mostNumbers = 800_000

  /// What the template wants of the pictures.
  let thumbnails: [[String: Any]]
  /// How many stimuli are shown.
  let count: Int
  let hasPictures: Bool
  let hasGroups: Bool
  /// What the page's script knows.
  let data: JSONValue

  private let result: ScanResult

  init(_ result: ScanResult, names: LayerNames) {
    self.result = result
    let perStimulus = result.layers.reduce(0) { $0 + $1.grid.regionCount }
    let pictures = result.thumbnails
    count = min(
      pictures?.images.count ?? Thumbnails.most, result.plan.stimulusCount, max(1, Self.mostNumbers / max(1, perStimulus)))
    hasPictures = pictures != nil
    thumbnails =
      (pictures?.images.prefix(count).enumerated()).map { images in
        images.map { number, pixels in
          [
            "number": number, "width": pictures!.width, "height": pictures!.height,
            "png": base64(PNGImage.encode(pixels, width: pictures!.width, height: pictures!.height)),
          ]
        }
      } ?? []
    let groups = StimulusGroups(result).groups
    hasGroups = !groups.isEmpty
    let shown = 0..<count
    data = [
      "width": .int(pictures?.width ?? 0), "height": .int(pictures?.height ?? 0),
      "first": .int(Self.clearest(result)),
      "least": .double(StimulusMap.leastReliability),
      "stimuli": .array(shown.map { Self.about($0, result) }),
      "groups": .array(
        groups.map {
          ["division": .string($0.division.rawValue), "name": .string($0.name), "count": .int($0.stimuli.count)]
        }),
      "hasTrials": .bool(result.trials != nil),
      "layers": .array(zip(result.layers, names.short).map { Self.layer($0, $1, shown, groups, result) }),
    ]
  }

  /// The layer whose single maps find most: the one that is shown first.
  private static func clearest(_ result: ScanResult) -> Int {
    let found = result.layers.map { layer in layer.answers.critical.reduce(0) { $0 + $1.count } }
    return found.indices.max { (found[$0], $0) < (found[$1], $1) } ?? 0
  }

  private static func about(_ stimulus: Int, _ result: ScanResult) -> JSONValue {
    let answer = result.predictions.isEmpty ? nil : result.predictions[stimulus]
    let label = result.knownLabels?[stimulus]
    return [
      "place": .int(result.plan.stimulusPlaces[stimulus]),
      "answer": JSONValue(answer.map(result.className)), "label": JSONValue(label.map(result.className)),
      "wrong": answer.flatMap { answer in label.map { .bool($0 != answer) } } ?? .null,
    ]
  }

  private static func layer(
    _ layer: ScanResult.Layer, _ name: String, _ shown: Range<Int>, _ groups: [StimulusGroups.Group], _ result: ScanResult
  ) -> JSONValue {
    let layout = MosaicLayout(layer.grid.size)
    let regions = 0..<layer.grid.regionCount
    let maps = shown.map { layer.map(of: $0, result.request.analysis) }
    let none = [Double](repeating: 0, count: regions.count)
    let zeta = maps.flatMap { $0?.zeta ?? none }
    let halves = maps.flatMap { map in
      map?.tests.map { ($0.interval.upperBound - $0.interval.lowerBound) / 2 } ?? none
    }
    let means = groups.flatMap { group in
      regions.map { StimulusGroups.moments($0, of: layer, over: group.stimuli)?.mean ?? 0 }
    }
    let size = layer.grid.size
    return [
      "number": .int(layer.plan.number), "name": .string(name), "tensor": .string(layer.plan.tensor),
      "kind": .string(layout.kind.rawValue), "rows": .int(layout.rows), "columns": .int(layout.columns),
      "panels": .int(layout.panels), "grid": JSONValue([size.height, size.width, size.channels]),
      "channels": .bool(layer.grid.isByChannel), "labels": JSONValue(layer.grid.labels), "regions": .int(regions.count),
      "zeta": packed(zeta), "half": packed(halves),
      "significant": bits(maps.map { $0?.isSignificant }, regions.count),
      "critical": bits(maps.map { $0?.isCritical }, regions.count),
      "skipped": .array(shown.map { .bool(layer.series[$0] == nil) }),
      "reliability": .array(shown.map { JSONValue(layer.answers.reliability[$0].map(Number.rounded)) }),
      "groups": packed(means),
      "trials": trials(layer.plan.number, shown, result),
    ]
  }

  /// Numbers as 16 bits each, little-endian, in shares of the largest magnitude.
  private static func packed(_ values: [Double]) -> JSONValue {
    let limit = values.map(abs).filter(\.isFinite).max() ?? 0
    var bytes: [UInt8] = []
    bytes.reserveCapacity(2 * values.count)
    for value in values {
      let share = limit > 0 && value.isFinite ? Int16((value / limit * 32767).rounded()) : 0
      withUnsafeBytes(of: share.littleEndian) { bytes.append(contentsOf: $0) }
    }
    return ["limit": .double(limit), "text": .string(base64(bytes))]
  }

  /// A bit a region, eight to a byte, the first one lowest; whole bytes a stimulus.
  private static func bits(_ flags: [[Bool]?], _ regions: Int) -> JSONValue {
    var bytes: [UInt8] = []
    for flags in flags {
      for start in stride(from: 0, to: regions, by: 8) {
        bytes.append(
          (start..<min(start + 8, regions)).reduce(0) { $0 | (flags?[$1] ?? false ? 1 << UInt8($1 - start) : 0) })
      }
    }
    return .string(base64(bytes))
  }

  /// By stimulus and trial: the answer, its probability and v.
  private static func trials(_ layer: Int, _ shown: Range<Int>, _ result: ScanResult) -> JSONValue {
    guard let trials = result.trials?.layers[layer] else { return .null }
    return [
      "kinds": .array(trials.trials.map { [.string($0.choice.rawValue), .int($0.count)] }),
      "answers": .array(
        shown.map { stimulus in
          .array(
            trials.answers[stimulus].map {
              .array([
                .string(result.className($0.predicted)), .double(Number.rounded(Double($0.probability))),
                .double(Number.rounded(Double($0.value))),
              ])
            })
        }),
    ]
  }
}
