/// The axes (h, w, c) of one stimulus's activation, and where a unit lies in memory.
///
/// | shape | axes (H, W, C) |
/// |---|---|
/// | N, C, H, W or, with `nhwc`, N, H, W, C | (H, W, C) |
/// | N, T, C | (T, 1, C), whatever the layout |
/// | N, F | (1, 1, F) |
/// | N, C, D, H, W or, with `nhwc`, N, D, H, W, C | (D·H, W, C): slices are stacked along h |
/// | axes that are named one by one | as named; several that form one are read slowest first |
///
/// The first length, N, is the batch and is not looked at: models leave it free or bake in a 1.
package struct TensorGeometry: Hashable, Sendable {
  /// The tensor's shape with its batch axis, as given.
  package let shape: [Int]

  package let height: Int
  package let width: Int
  package let channels: Int

  /// How a stimulus's row lies in memory, which decides how it is cut into blocks.
  enum Order: Hashable, Sendable {
    /// Channels, then height, then width: the channels vary slowest.
    case planes
    /// Height, then width, then channels.
    case rows
    case mixed
  }

  let order: Order

  /// Unit (h, w, c) lies `heightOffsets[h] + widthOffsets[w] + channelOffsets[c]` elements into a stimulus's row.
  private let heightOffsets: [Int]
  private let widthOffsets: [Int]
  private let channelOffsets: [Int]

  /// - Throws: `badInput` if the rank is not 2 to 5, or if an axis other than the batch is not known or empty.
  package init(shape: [Int], layout: TensorLayout = .nchw) throws(GridError) {
    guard shape.count <= 5 else {
      throw GridError(
        .badInput,
        "a tensor of shape \(shape) has \(shape.count) axes, and regions are laid over 2 to 5: choose another layer")
    }
    let axes = Array(shape.indices.dropFirst())
    switch axes.count {
    case 0, 1: try self.init(shape: shape, height: [], width: [], channels: axes)
    case 2: try self.init(shape: shape, height: [1], width: [], channels: [2])
    default:
      // Depth and height are neighbours in memory in both layouts, so that stacked slices are one long axis.
      let space = layout == .nchw ? axes.dropFirst() : axes.dropLast()
      let channel = layout == .nchw ? axes.first! : axes.last!
      try self.init(shape: shape, height: Array(space.dropLast()), width: [space.last!], channels: [channel])
    }
  }

  /// Axes by number, that of the batch being 0; those that form one axis of the grid slowest first.
  ///
  /// - Throws: `badInput` if an axis other than the batch is not known or empty, or if axes are missing.
  package init(shape: [Int], height: [Int], width: [Int], channels: [Int]) throws(GridError) {
    guard shape.count >= 2 else {
      throw GridError(
        .badInput,
        "a tensor of shape \(shape) has no axis beside its batch, so it has no regions: choose a layer of rank 2 to 5")
    }
    guard shape.dropFirst().allSatisfy({ $0 > 0 }) else {
      throw GridError(
        .badInput,
        "a tensor of shape \(shape) has an axis of unknown or zero length, so it has no regions: choose another layer")
    }
    guard (height + width + channels).sorted() == Array(shape.indices.dropFirst()) else {
      throw GridError(
        .badInput,
        "a tensor of shape \(shape) has \(shape.count) axes, and the layout names \(height.count + width.count + channels.count + 1): name each axis once"
      )
    }
    // Places of the entries that axes form together, slowest axis first.
    func offsets(_ axes: [Int]) -> [Int] {
      axes.reduce([0]) { places, axis in
        let stride = shape[(axis + 1)...].reduce(1, *)
        return places.flatMap { place in (0..<shape[axis]).map { place + $0 * stride } }
      }
    }
    self.shape = shape
    heightOffsets = offsets(height)
    widthOffsets = offsets(width)
    channelOffsets = offsets(channels)
    self.height = heightOffsets.count
    self.width = widthOffsets.count
    self.channels = channelOffsets.count
    let ascending = Array(shape.indices.dropFirst())
    order = height + width + channels == ascending ? .rows : channels + height + width == ascending ? .planes : .mixed
  }

  /// Elements of one stimulus's activation.
  package var unitCount: Int { height * width * channels }

  /// True where the tensor is one plain list of features, N, F.
  package var isFeatureList: Bool { shape.count == 2 }

  /// The place of unit (h, w, c) in a stimulus's row.
  package func offset(height h: Int, width w: Int, channel c: Int) -> Int {
    heightOffsets[h] + widthOffsets[w] + channelOffsets[c]
  }

  /// Each unit's channel mean over all places. - Parameter units: [units].
  package func channelMeans(of units: [Double]) -> [Double] {
    precondition(units.count == unitCount)
    var means = units
    for c in 0..<channels {
      let places = heightOffsets.flatMap { h in widthOffsets.map { h + $0 + channelOffsets[c] } }
      let mean = places.reduce(0) { $0 + units[$1] } / Double(places.count)
      for place in places { means[place] = mean }
    }
    return means
  }
}
