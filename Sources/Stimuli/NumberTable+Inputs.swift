import Arrays

extension NumberTable.Contents {
  private var rowCount: Int { values.count / columns }

  /// All of it.
  var array: NumericArray { NumericArray(shape: [rowCount, columns], doubles: values) }

  /// The columns by a model's inputs, and the others by their own names, with their numbers where all are whole; `nil` where the columns aren't the inputs'.
  ///
  /// A column is an input's if it is named as that, several if they are `INPUT_0`, `INPUT_1`, ... or `INPUT[0]`, ... The whole table is one
  /// input's where the model needs no more than one, unless its own columns alone are as many as it takes.
  func byInput(_ inputs: [ModelInput]) -> (inputs: [NamedArray], others: [String: [Int]?])? {
    guard let names else { return nil }
    let places = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
    let found = inputs.compactMap { input in Self.columns(of: input, in: places).map { (input: input, columns: $0) } }
    guard !found.isEmpty else { return nil }
    if inputs.count(where: { !$0.isState }) == 1 || inputs.count == 1 {
      guard let only = found.first, found.count == 1, let count = only.input.elementCount, count == only.columns.count else {
        return nil
      }
    }
    let used = Set(found.flatMap(\.columns))
    func part(_ name: String, _ columns: [Int]) -> NamedArray {
      let rows = stride(from: 0, to: values.count, by: names.count)
      return NamedArray(
        name: name,
        array: NumericArray(
          shape: [rowCount, columns.count], doubles: rows.flatMap { row in columns.map { values[row + $0] } }),
        columnNames: columns.map { names[$0] })
    }
    var others: [String: [Int]?] = [:]
    for column in names.indices where !used.contains(column) {
      let numbers = stride(from: column, to: values.count, by: columns).map { Int(exactly: values[$0]) }
      others[names[column]] = numbers.contains(nil) ? .some(nil) : numbers.compactMap(\.self)
    }
    return (found.map { part($0.input.name, $0.columns) }, others)
  }

  /// Why the whole table can't be what the model's one input is given: it is a list of another number of features; `nil` elsewhere.
  func reasonAgainst(_ inputs: [ModelInput]) -> String? {
    let own = inputs.filter { !$0.isState }
    guard own.count == 1, own[0].batchAxis != nil, let shape = own[0].shape, shape.count == 1, let count = shape[0],
      count != columns
    else { return nil }
    let ends = names.map { " (\"\($0[0])\" to \"\($0[columns - 1])\")" } ?? ""
    return """
      has \(columns) columns\(labels == nil ? "" : " beside its labels")\(ends), and model input "\(own[0].name)" takes \(count): give it \
      \(columns > count ? "no others, and name one of class numbers \"label\"" : "all of them")
      """
  }

  private static func columns(of input: ModelInput, in places: [String: Int]) -> [Int]? {
    if let one = places[input.name] { return [one] }
    for name in [{ "\(input.name)_\($0)" }, { "\(input.name)[\($0)]" }] as [(Int) -> String] {
      let several = (0..<places.count).lazy.map { places[name($0)] }.prefix { $0 != nil }.map { $0! }
      if !several.isEmpty { return Array(several) }
    }
    return nil
  }
}

extension ModelInput {
  /// How many numbers one stimulus has; `nil` where a length is free.
  fileprivate var elementCount: Int? {
    shape?.reduce(1) { product, length in product.flatMap { product in length.map { product * $0 } } }
  }
}
