/// Which layers are scanned, as a user says it.
package struct LayerSelection: Hashable, Sendable, Codable {
  package enum Item: Hashable, Sendable, Codable {
    /// One a block, at most about a dozen.
    case automatic
    /// Every tensor that can be scanned, without what the model is given.
    case all
    case kind(LayerKind)
    /// A tensor by its name; or, if there is none of that name, by its number in the list of those that can be scanned.
    case named(String)
    /// By their numbers in that list.
    case range(Int, Int)
    /// Names with * for any characters and ? for one.
    case pattern(String)

    fileprivate var isPattern: Bool { if case .pattern = self { true } else { false } }

    fileprivate var name: String {
      switch self {
      case .automatic: "auto"
      case .all: "all"
      case .kind(let kind): kind.rawValue
      case .named(let name), .pattern(let name): name
      case .range(let first, let last): "\(first)-\(last)"
      }
    }
  }

  package let items: [Item]

  package static let automatic = LayerSelection(items: [.automatic])

  package init(items: [Item]) {
    self.items = items
  }

  /// Reads items separated by commas: `auto`, `all`, `input`, `residual`, `attention`, `mlp`, `conv`, `recurrent`, `embedding`, names,
  /// patterns such as `/layer3/*`, numbers and ranges `2-5`. Names that hold commas are put together again where they are looked
  /// for.
  package init(parsing text: String) {
    items = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let part = String(part)
      switch part {
      case "auto": return .automatic
      case "all": return .all
      default: break
      }
      if let kind = LayerKind(rawValue: part) { return .kind(kind) }
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      if ends.count == 2, let first = ends[0], let last = ends[1] { return .range(first, last) }
      return part.contains("*") || part.contains("?") ? .pattern(part) : .named(part)
    }
  }

  /// As it is written on the command line.
  package var name: String {
    items.map(\.name).joined(separator: ",")
  }

  /// Whether a tensor is asked for by its own name.
  package func names(_ tensor: String) -> Bool { ",\(name),".contains(",\(tensor),") }

  /// The items, with names that hold commas as one, the longest first, and a pattern that is a tensor's name as that name. What is
  /// between two commas is none.
  private func whole(in model: Model) -> [Item] {
    var result: [Item] = []
    var start = 0
    while start < items.count {
      let name = { (end: Int) in items[start..<end].map(\.name).joined(separator: ",") }
      let end = (start + 1...items.count).last { ($0 > start + 1 || items[start].isPattern) && model.index.contains(name($0)) }
      if let end {
        result.append(.named(name(end)))
      } else if items[start] != .named("") {
        result.append(items[start])
      }
      start = end ?? start + 1
    }
    return result
  }

  /// What a user should know of a number that is the name of a tensor, too; `nil` where none is.
  ///
  /// - Parameter tensors: what can be scanned, upstream first.
  package func note(on tensors: [String]) -> String? {
    for case .named(let name) in items {
      guard let number = Int(name), tensors.contains(name), tensors.indices.contains(number), tensors[number] != name else {
        continue
      }
      return
        "--layers \(name) is taken for the tensor \"\(name)\"; number \(number) of the list is \"\(tensors[number])\", which --layers '\(tensors[number])' or \(number)-\(number) names."
    }
    return nil
  }

  /// Whether all tensors are asked for, so that those that can't be had are told of.
  package var includesAll: Bool { items.contains(.all) }

  /// Whether the model's inputs are asked for as such, so that those that can't be had are told of.
  package var includesInputs: Bool { items.contains(.kind(.input)) }

  /// The tensors that are meant, in the order of `layers`.
  ///
  /// - Parameters:
  ///   - layers: what can be scanned, upstream first, with what part each plays. The model's inputs have no numbers among them.
  ///   - automatic: what `auto` takes.
  ///   - refusals: what can't be scanned, by tensor, with the reason.
  /// - Throws: `ModelGraphError` for an item that finds nothing, with the reason or what there is.
  package func resolve(
    _ layers: [(tensor: String, role: LayerRole)], automatic: [String], refusals: [String: String], in model: Model
  ) throws(ModelGraphError) -> [String] {
    let names = layers.filter { $0.role.kind != .input }.map(\.tensor)
    var chosen: Set<String> = []
    for item in whole(in: model) {
      switch item {
      case .automatic:
        chosen.formUnion(automatic)
      case .all:
        chosen.formUnion(names)
      case .kind(let kind):
        chosen.formUnion(try tensors(of: kind, layers, refusals, in: model))
      case .range(let first, let last):
        guard first <= last else {
          throw ModelGraphError(
            .unknownTensor, "\(model.label): layers \(first)-\(last) are none: give the smaller number first.")
        }
        for place in [first, last] { _ = try Self.name(at: place, of: names, in: model) }
        chosen.formUnion(names[first...last])
      case .pattern(let pattern):
        let found = names.filter { Self.matches(Array($0.utf8)[...], Array(pattern.utf8)[...]) }
        guard !found.isEmpty else {
          throw ModelGraphError(
            .unknownTensor,
            "\(model.label): no layer's name matches \"\(pattern)\". Run 'nnfmri-mpi layers --all \(model.label)' for the list.")
        }
        chosen.formUnion(found)
      case .named(let name):
        let isInput = layers.contains { $0.tensor == name && $0.role.kind == .input }
        chosen.insert(isInput ? name : try tensor(named: name, of: names, refusals, in: model))
      }
    }
    return layers.map(\.tensor).filter(chosen.contains)
  }

  /// The tensor that the list of those that can be scanned has at a number.
  ///
  /// - Parameter names: the list, upstream first, without what the model is given.
  /// - Throws: `ModelGraphError` (`unknownTensor`) where it is shorter.
  package static func name(at number: Int, of names: [String], in model: Model) throws(ModelGraphError) -> String {
    guard names.indices.contains(number) else {
      throw ModelGraphError(
        .unknownTensor,
        "\(model.label): layer \(number) is out of range: there are \(names.count), from 0 on. Run 'nnfmri-mpi layers --all' for the list."
      )
    }
    return names[number]
  }

  private func tensors(
    of kind: LayerKind, _ layers: [(tensor: String, role: LayerRole)], _ refusals: [String: String], in model: Model
  ) throws(ModelGraphError) -> [String] {
    let found = layers.filter { $0.role.kind == kind }.map(\.tensor)
    if kind == .input, found.isEmpty {
      let reasons = model.inputNames.compactMap { name in refusals[name].map { "\"\(name)\": \($0)" } }
      throw ModelGraphError(
        .badInput,
        "\(model.label) has no input that can be scanned\(reasons.isEmpty ? "" : " (\(reasons.joined(separator: "; ")))").")
    }
    guard !found.isEmpty else {
      let kinds = LayerKind.allCases.filter { kind in layers.contains { $0.role.kind == kind } }
      throw ModelGraphError(
        .badInput,
        "\(model.label) has no layers of kind \(kind.rawValue); there are \(kinds.map(\.rawValue).joined(separator: ", "))."
      )
    }
    return found
  }

  /// A tensor by its name or, where no tensor has that name, by its number.
  private func tensor(
    named name: String, of names: [String], _ refusals: [String: String], in model: Model
  ) throws(ModelGraphError) -> String {
    if names.contains(name) { return name }
    if !model.index.contains(name), let place = Int(name) { return try Self.name(at: place, of: names, in: model) }
    _ = try model.require(name)
    throw ModelGraphError(
      .badInput,
      """
      \(model.label): tensor "\(name)" can't be scanned: \
      \(refusals[name] ?? "it isn't an activation between the inputs and what is read"). \
      Run 'nnfmri-mpi layers --all \(model.label)' for those that can.
      """)
  }

  /// Whether a name follows a pattern. Cost: their lengths' product at worst.
  private static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
    var (n, p) = (name.startIndex, pattern.startIndex)
    // Where the last star was, and how much of the name it has taken.
    var star: (pattern: Int, name: Int)?
    while n < name.endIndex {
      if p < pattern.endIndex, pattern[p] == UInt8(ascii: "*") {
        star = (p, n)
        p += 1
      } else if p < pattern.endIndex, pattern[p] == name[n] || pattern[p] == UInt8(ascii: "?") {
        (n, p) = (n + 1, p + 1)
      } else if let last = star {
        star = (last.pattern, last.name + 1)
        (n, p) = (last.name + 1, last.pattern + 1)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

extension Model {
  /// What part each of some tensors plays on the way to the one that is read.
  package func layerRoles(of tensors: [String], reading output: String) -> [String: LayerRole] {
    guard let target = index.numbers[output] else { return [:] }
    let roles = LayerRoles(of: self, reading: target)
    return Dictionary(
      tensors.compactMap { name in index.numbers[name].map { (name, roles.role(of: $0)) } }, uniquingKeysWith: { a, _ in a })
  }
}
