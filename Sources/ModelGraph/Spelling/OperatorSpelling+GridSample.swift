/// Pictures that are read at the places of a grid.
extension OperatorSpelling {
  mutating func spellGridSample(_ node: Onnx_NodeProto) throws(Refusal) -> [String?] {
    guard let x = node.input(at: 0), let grid = node.input(at: 1), types[grid] ?? .float == types[x] ?? .float else {
      throw Refusal("a rule for pictures and grids of one type only")
    }
    let (picture, places) = (try shape(of: x), try shape(of: grid))
    guard picture.count == 4, places.count == 4, !picture.contains(0), !places.contains(0) else {
      throw Refusal("a rule for two dimensions only")
    }
    let mode = node.text("mode") ?? "bilinear"
    let padding = node.text("padding_mode") ?? "zeros"
    let isNearest = mode == "nearest"
    guard isNearest || mode == "bilinear" || mode == "linear", padding == "zeros" || padding == "border" else {
      throw Refusal("a rule for bilinear and nearest places with zeros or the border around them only")
    }
    let isAligned = node.integer("align_corners") ?? 0 != 0
    let (channels, count) = (picture[1], places[1] * places[2])
    let flat = reshape(x, [0, channels, picture[2] * picture[3]])

    // Columns, then rows, counted in elements; [pictures, 1, places].
    let axes = zip(split(grid, [1, 1], axis: 3), [picture[3], picture[2]]).map { coordinate, length in
      let last = Double(length - 1)
      let (factor, offset) = isAligned ? (last / 2, last / 2) : (Double(length) / 2, last / 2)
      var place = add("Add", [add("Mul", [reshape(coordinate, [0, 1, count]), number(factor)]), number(offset)])
      if padding == "border" { place = add("Clip", [place, number(0), number(last)]) }
      return (place: place, length: length)
    }
    let sides = axes.map { axis in
      isNearest ? [(add("Round", [axis.place]), nil)] : self.sides(of: axis.place)
    }
    var total: String?
    for (row, rowShare) in sides[1] {
      for (column, columnShare) in sides[0] {
        let inner = [(column, axes[0].length), (row, axes[1].length)].map { place, length in
          add("Clip", [place, number(0), number(Double(length - 1))])
        }
        let index = wholeNumbers(add("Add", [add("Mul", [inner[1], number(Double(picture[3]))]), inner[0]]))
        var value = add("GatherElements", [flat, add("Tile", [index, integers([1, channels, 1])])], ["axis": .int(2)])
        if let rowShare, let columnShare { value = add("Mul", [value, add("Mul", [rowShare, columnShare])]) }
        if padding == "zeros" {
          // What was clipped lies outside.
          let isInside = add("And", [add("Equal", [inner[0], column]), add("Equal", [inner[1], row])])
          value = add("Where", [isInside, value, number(0)])
        }
        total = total.map { add("Add", [$0, value]) } ?? value
      }
    }
    return [reshape(total!, [0, channels, places[1], places[2]])]
  }

  /// The elements on both sides of a place, with their shares.
  private mutating func sides(of place: String) -> [(String, String?)] {
    let before = add("Floor", [place])
    let share = add("Sub", [place, before])
    return [(before, add("Sub", [number(1), share])), (add("Add", [before, number(1)]), share)]
  }
}

extension Onnx_NodeProto {
  fileprivate func text(_ name: String) -> String? { attribute(name).map { String(decoding: $0.s, as: UTF8.self) } }
}
