/// Regions that someone names: which one each unit of a layer belongs to, or none.
///
/// An axis along which all entries are alike has length 1, so labels of channels or places stay small.
package struct RegionLabels: Hashable, Sendable {
  /// The number of a unit that belongs to no region and is never lesioned.
  package static let intact: Int32 = -1

  /// Lengths along the axes of one stimulus's activation.
  package let shape: [Int]
  /// Region numbers from 0 on, or `intact`, in C order. [elements of shape]
  package let regions: [Int32]
  package let regionCount: Int

  /// - Parameter place: what messages call the numbers.
  /// - Throws: `GridError` (`badInput`) for a number below −1, a number that is left out, or fewer than two regions.
  package init(shape: [Int], regions: [Int], place: String) throws(GridError) {
    precondition(shape.reduce(1, *) == regions.count, "a number for each place of the shape")
    if let wrong = regions.first(where: { $0 < Int(Self.intact) }) {
      throw GridError(
        .badInput, "\(place) holds \(wrong): number regions from 0 on, and give -1 to units that stay intact")
    }
    let most = regions.max() ?? -1
    guard most > 0 else {
      let found = most == 0 ? "a single region, whose ζ is all of the layer's effect" : "no region"
      throw GridError(.badInput, "\(place) names \(found): number two regions at least, from 0 on")
    }
    let used = Set(regions)
    if let missing = (0...most).first(where: { !used.contains($0) }) {
      throw GridError(
        .badInput, "\(place) numbers regions up to \(most), and none of its units is in region \(missing): leave no number out")
    }
    self.shape = shape
    self.regions = regions.map(Int32.init)
    regionCount = most + 1
  }

  /// The same numbers in another shape of as many elements.
  func reshaped(_ shape: [Int]) -> RegionLabels {
    precondition(shape.reduce(1, *) == regions.count, "a number for each place of the shape")
    return RegionLabels(shape, regions, regionCount)
  }

  private init(_ shape: [Int], _ regions: [Int32], _ regionCount: Int) {
    (self.shape, self.regions, self.regionCount) = (shape, regions, regionCount)
  }

  /// The region of every unit in memory order, `RegionMap.none` for those that stay intact. [units]
  ///
  /// - Parameter lengths: of the tensor's axes, without its batch; each is that of the labels, or theirs is 1.
  func spread(over lengths: [Int]) -> [UInt32] {
    precondition(isSpread(over: lengths), "labels of another tensor")
    var places = [0]
    for (axis, length) in lengths.enumerated() {
      let stride = shape[axis] == 1 ? 0 : shape[(axis + 1)...].reduce(1, *)
      places = places.flatMap { place in (0..<length).map { place + $0 * stride } }
    }
    return places.map { regions[$0] == Self.intact ? RegionMap.none : UInt32(regions[$0]) }
  }

  /// Whether the labels cover a tensor of these lengths.
  func isSpread(over lengths: [Int]) -> Bool {
    shape.count == lengths.count && zip(shape, lengths).allSatisfy { $0 == $1 || $0 == 1 }
  }
}

extension RegionLabels: Codable {
  private enum CodingKeys: CodingKey {
    case shape, runs
  }

  package func encode(to encoder: any Encoder) throws {
    var runs: [Int] = []
    for region in regions {
      if runs.count > 1, runs[runs.count - 2] == Int(region) { runs[runs.count - 1] += 1 } else { runs += [Int(region), 1] }
    }
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(shape, forKey: .shape)
    try values.encode(runs, forKey: .runs)
  }

  /// - Throws: `DecodingError` where the numbers are none that could have been written.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let shape = try values.decode([Int].self, forKey: .shape)
    let runs = try values.decode([Int].self, forKey: .runs)
    let damaged = DecodingError.dataCorruptedError(forKey: .runs, in: values, debugDescription: "regions that can't be")
    let most = 1 << 31
    var count = 1
    for length in shape {
      guard (1...most).contains(length), count <= most / length else { throw damaged }
      count *= length
    }
    guard runs.count.isMultiple(of: 2) else { throw damaged }
    var regions: [Int] = []
    for start in stride(from: 0, to: runs.count, by: 2) {
      guard (1...count - regions.count).contains(runs[start + 1]), runs[start] < most else { throw damaged }
      regions += repeatElement(runs[start], count: runs[start + 1])
      guard regions.count < count || start + 2 == runs.count else { throw damaged }
    }
    guard regions.count == count, let labels = try? RegionLabels(shape: shape, regions: regions, place: "a plan") else {
      throw damaged
    }
    self = labels
  }
}
