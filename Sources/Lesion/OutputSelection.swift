/// Elements of an output that make one value: `NAME[i,j,...]:REDUCTION`, or `NAME` of an output of one element a stimulus.
///
/// An index is a number, a range `a:b` without b, or `:`; negative ones count from the end. There is one for each axis but
/// that of stimuli.
package struct OutputSelection: Hashable, Sendable, Codable {
  /// What several elements are reduced by.
  package enum Reduction: String, Hashable, Sendable, Codable, CaseIterable {
    case sum, mean, max
  }

  package enum Index: Hashable, Sendable, Codable {
    case at(Int)
    /// `nil` is the axis's own end.
    case range(Int?, Int?)
  }

  /// The output's name; empty is the one that scores are read from.
  package let output: String
  package let indices: [Index]
  package let reduction: Reduction?

  package init(output: String, indices: [Index], reduction: Reduction? = nil) {
    self.output = output
    self.indices = indices
    self.reduction = reduction
  }

  /// As it is written on the command line, without `output:`.
  package var text: String {
    let end = reduction.map { ":\($0.rawValue)" } ?? ""
    // A name is written by itself where it is read as one.
    if indices.isEmpty, (try? OutputSelection(parsing: output)) == OutputSelection(output: output, indices: []) {
      return output + end
    }
    let indices = indices.map { index in
      switch index {
      case .at(let place): "\(place)"
      case .range(let start, let end): "\(start.map(String.init) ?? ""):\(end.map(String.init) ?? "")"
      }
    }
    return "\(output)[\(indices.joined(separator: ","))]\(end)"
  }

  /// The elements of one stimulus's output, in memory order.
  ///
  /// - Parameter shape: the output's shape for one stimulus, without batch axis.
  /// - Throws: `LesionError` (`badRequest`) if the indices don't fit the shape, or if several elements aren't reduced.
  package func elements(in shape: [Int]) throws(LesionError) -> [Int] {
    if indices.isEmpty {
      let count = shape.reduce(1, *)
      guard count == 1 else {
        throw LesionError(
          .badRequest,
          "output:\(text) names an output of \(count) elements for one stimulus, of shape \(shape): give one index an axis in brackets, as in output:boxes[4,:]:max"
        )
      }
      return [0]
    }
    guard indices.count == shape.count else {
      throw LesionError(
        .badRequest,
        "output:\(text) has \(indices.count) indices, and the output has \(shape.count) axes for one stimulus, \(shape): give one index an axis"
      )
    }
    var elements = [0]
    for (axis, index) in indices.enumerated() {
      let length = shape[axis]
      func place(_ number: Int, upTo limit: Int) throws(LesionError) -> Int {
        let place = number < 0 ? number + length : number
        guard place >= 0, place <= limit else {
          throw LesionError(
            .badRequest,
            "output:\(text) has \(number) on axis \(axis), which has \(length) entries for one stimulus (shape \(shape))")
        }
        return place
      }
      let range: Range<Int>
      switch index {
      case .at(let number):
        let start = try place(number, upTo: length - 1)
        range = start..<start + 1
      case .range(let start, let end):
        let first = try place(start ?? 0, upTo: length)
        let last = try place(end ?? length, upTo: length)
        guard first < last else {
          throw LesionError(.badRequest, "output:\(text) takes nothing of axis \(axis), which has \(length) entries")
        }
        range = first..<last
      }
      elements = elements.flatMap { element in range.map { element * length + $0 } }
    }
    guard elements.count == 1 || reduction != nil else {
      throw LesionError(
        .badRequest,
        "output:\(text) takes \(elements.count) elements of shape \(shape): say what one number they make, as in output:\(text):mean (sum, mean or max)"
      )
    }
    return elements
  }
}
