package import ModelGraph

extension AnalyticPhantom {
  /// The phantom as an ONNX model with a free batch axis.
  package var model: Model {
    var graph = GraphBuilder(name: "analytic phantom, \(shape.rawValue), order \(order)")
    graph.input(Self.inputName, [nil] + shape.stimulusShape)
    graph.node("Relu", [Self.inputName], [Self.scannedTensor])
    addRegionMeans(to: &graph)

    var sum = addSingles(to: &graph)
    for size in 2...3 {
      let terms = polynomial.terms.filter { $0.regions.count == size }
      if !terms.isEmpty { sum = add(products: terms, size: size, to: sum, in: &graph) }
    }
    graph.node("Identity", [sum], [Self.outputName])
    graph.output(Self.outputName, [nil, Self.classCount])
    return Model(proto: graph.model, label: "analytic phantom")
  }

  /// `regions` [N, regions]: the mean of each region, in the order of region numbers.
  private func addRegionMeans(to graph: inout GraphBuilder) {
    let split: [Int64]
    let averaged: [Int]
    let order: [Int]
    switch shape {
    case .conv:
      (split, averaged, order) = ([-1, 4, 2, 8, 2, 8, 2], [2, 4, 6], [0, 2, 3, 1])
    case .dense:
      (split, averaged, order) = ([-1, 256, 8], [2], [0, 1])
    case .sequence:
      (split, averaged, order) = ([-1, 8, 2, 4, 4], [2, 4], [0, 1, 2])
    }
    graph.weight("regions.split", [split.count], split)
    graph.weight("regions.flat", [2], [-1, Int64(shape.regionCount)])
    graph.node("Reshape", [Self.scannedTensor, "regions.split"], ["regions.units"])
    graph.node("ReduceMean", ["regions.units"], ["regions.means"], ["axes": .ints(averaged), "keepdims": .int(0)])
    graph.node("Transpose", ["regions.means"], ["regions.grid"], ["perm": .ints(order)])
    graph.node("Reshape", ["regions.grid", "regions.flat"], ["regions"])
  }

  /// The linear part and the constants of all classes.
  private func addSingles(to graph: inout GraphBuilder) -> String {
    var weights = [Float](repeating: 0, count: shape.regionCount * Self.classCount)
    for term in polynomial.terms where term.regions.count == 1 {
      weights[term.regions[0] * Self.classCount + Self.target] += term.weight
    }
    let constants = (0..<Self.classCount).map { $0 == Self.target ? polynomial.constant : -Float($0) }
    graph.weight("singles.weight", [shape.regionCount, Self.classCount], weights)
    graph.weight("constants", [Self.classCount], constants)
    graph.node("MatMul", ["regions", "singles.weight"], ["singles"])
    return graph.node("Add", ["singles", "constants"], ["affine"])
  }

  /// Adds Σ w Π x over products of `size` regions to `sum`.
  private func add(
    products terms: [RegionPolynomial.Term], size: Int, to sum: String, in graph: inout GraphBuilder
  ) -> String {
    let name = "products\(size)"
    let members = (0..<size).map { place in
      graph.weight("\(name).index\(place)", [terms.count], terms.map { Int64($0.regions[place]) })
      return graph.node("Gather", ["regions", "\(name).index\(place)"], ["\(name).member\(place)"], ["axis": .int(1)])
    }
    var product = members[0]
    for place in 1..<size {
      product = graph.node("Mul", [product, members[place]], ["\(name).upTo\(place)"])
    }
    var weights = [Float](repeating: 0, count: terms.count * Self.classCount)
    for (row, term) in terms.enumerated() { weights[row * Self.classCount + Self.target] = term.weight }
    graph.weight("\(name).weight", [terms.count, Self.classCount], weights)
    graph.node("MatMul", [product, "\(name).weight"], [name])
    return graph.node("Add", [sum, name], ["\(name).sum"])
  }
}
