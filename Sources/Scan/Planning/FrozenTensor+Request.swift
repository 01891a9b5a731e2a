import Grids
import ModelGraph
import Networks
import UserErrors

extension FrozenTensor {
  /// Regions that are named in a refusal.
  private static let mostNamed = 8

  /// What `--freeze` asks for.
  ///
  /// - Parameters:
  ///   - text: a tensor by its name or, if there is none of that name, by its number in the list of layers; or
  ///     `TENSOR=REGION,REGION` with regions by name or number.
  ///   - regions: what tensors are divided into.
  /// - Throws: `ModelGraphError` for a tensor that isn't there, `Failure` for one that can't be frozen and for regions that it
  ///   doesn't have.
  init(_ text: String, _ survey: NetworkSurvey, _ regions: RegionRequest) throws {
    // A tensor's name may hold anything.
    let isName = survey.model.index.contains(text)
    let place = isName ? nil : text.lastIndex(of: "=")
    var tensor = place.map { String(text[..<$0]) } ?? text
    if !survey.model.index.contains(tensor), let number = Int(tensor) {
      tensor = try LayerSelection.name(at: number, of: survey.layers.map(\.candidate.tensor), in: survey.model)
    }
    guard let layer = survey.layers.first(where: { $0.candidate.tensor == tensor }) else {
      _ = try survey.model.require(tensor)
      let reason =
        survey.inputs.contains { $0.candidate.tensor == tensor }
        ? "it is what the model is given, and no lesion changes it"
        : survey.reasons[tensor] ?? "\"\(survey.readTensor)\", which is read, has no layer there"
      throw Failure(.usage, "tensor \"\(tensor)\" can't be frozen, since \(reason); name another tensor")
    }
    guard let place else {
      self.init(tensor: tensor, shape: layer.shape, isFrozen: [Bool](repeating: true, count: layer.shape.reduce(1, *)))
      return
    }
    let division: Parcellation
    do {
      division = try regions.choice(for: layer).parcellation
    } catch let error as GridError {
      throw Failure(.usage, "tensor \"\(tensor)\", which is to be frozen: \(error.message)")
    }
    let names = (0..<division.regionCount).map(division.name)
    var chosen: Set<UInt32> = []
    for word in text[text.index(after: place)...].split(separator: ",", omittingEmptySubsequences: false) {
      let name = String(word).trimmed
      guard let region = names.firstIndex(of: name) ?? Int(name), names.indices.contains(region) else {
        let some = names.prefix(Self.mostNamed).joined(separator: ", ") + (names.count > Self.mostNamed ? ", ..." : "")
        throw Failure(
          .usage,
          "tensor \"\(tensor)\", which is to be frozen, has no region \"\(name)\"; it has \(names.count), by name or by number from 0: \(some)"
        )
      }
      chosen.insert(UInt32(region))
    }
    self.init(tensor: tensor, shape: layer.shape, isFrozen: division.regionOfUnit().map(chosen.contains))
  }

  /// What a user should know of it. - Parameter isOfPair: whether intact means as in the pass of a stimulus's pair.
  func note(isOfPair: Bool) -> String {
    let count = shape.reduce(1, *)
    let part = unitCount == count ? "" : " in \(unitCount) of its \(count) units"
    return
      "\"\(tensor)\" is frozen\(part): it stays as \(isOfPair ? "the pair's pass" : "the intact network") has it, and ζ is of the direct effect, which goes around it."
  }
}

extension String {
  /// Without blanks at its ends.
  fileprivate var trimmed: String {
    let start = drop { $0 == " " }
    return start.lastIndex { $0 != " " }.map { String(start[...$0]) } ?? ""
  }
}
