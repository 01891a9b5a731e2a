/// Names that a model's graph doesn't have yet: "stem_1", "stem_2" and so on, or what was wished for.
struct FreshNames {
  private let model: Model
  private let stem: String
  private var count = 0
  private var wishes: Set<String> = []

  init(in model: Model, stem: String) {
    self.model = model
    self.stem = stem
  }

  mutating func next() -> String {
    repeat { count += 1 } while model.index.contains("\(stem)_\(count)")
    return "\(stem)_\(count)"
  }

  /// The name itself, or with underscores behind it.
  mutating func next(wished wish: String) -> String {
    var name = wish
    while model.index.contains(name) || !wishes.insert(name).inserted { name += "_" }
    return name
  }

  /// The name itself, or "name/2", "name/3" and so on, whichever `names` doesn't have; it has it then.
  static func unique(_ name: String, among names: inout Set<String>) -> String {
    var free = name
    var number = 1
    while !names.insert(free).inserted {
      number += 1
      free = "\(name)/\(number)"
    }
    return free
  }
}
