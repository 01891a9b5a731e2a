/// The axes (h, w, c) of one stimulus's activation, and where a unit lies in memory.
///
/// | shape | axes (H, W, C) |
/// |---|---|
/// | N, C, H, W or, with `nhwc`, N, H, W, C | (H, W, C) |
/// | N, T, C | (T, 1, C), whatever the layout |
/// | N, F | (1, 1, F) |
/// | N, C, D, H, W or, with `nhwc`, N, D, H, W, C | (D·H, W, C): slices are stacked along h |
///
/// The first length, N, is the batch and is not looked at: models leave it free or bake in a 1.
package struct TensorGeometry: Hashable, Sendable {
  /// The tensor's shape with its batch axis, as given.
  package let shape: [Int]
  package let layout: TensorLayout

  package let height: Int
  package let width: Int
  package let channels: Int

  /// Unit (h, w, c) lies `h·heightStride + w·widthStride + c·channelStride` elements into a stimulus's row.
  package let heightStride: Int
  package let widthStride: Int
  package let channelStride: Int

  /// - Throws: `badInput` if the rank is not 2 to 5, or if an axis other than the batch is not known or empty.
  package init(shape: [Int], layout: TensorLayout = .nchw) throws(GridError) {
    guard shape.count >= 2 else {
      throw GridError(
        .badInput,
        "a tensor of shape \(shape) has no axis beside its batch, so it has no regions: choose a layer of rank 2 to 5")
    }
    guard shape.count <= 5 else {
      throw GridError(
        .badInput,
        "a tensor of shape \(shape) has \(shape.count) axes, and regions are laid over 2 to 5: choose another layer")
    }
    let lengths = Array(shape.dropFirst())
    guard lengths.allSatisfy({ $0 > 0 }) else {
      throw GridError(
        .badInput,
        "a tensor of shape \(shape) has an axis of unknown or zero length, so it has no regions: choose another layer")
    }

    self.shape = shape
    self.layout = layout
    switch lengths.count {
    case 1:
      (height, width, channels) = (1, 1, lengths[0])
      (heightStride, widthStride, channelStride) = (lengths[0], lengths[0], 1)
    case 2:
      (height, width, channels) = (lengths[0], 1, lengths[1])
      (heightStride, widthStride, channelStride) = (lengths[1], lengths[1], 1)
    default:
      // Depth and height are neighbours in memory in both layouts, so that stacked slices are one long axis.
      let isChannelsFirst = layout == .nchw
      let space = isChannelsFirst ? Array(lengths.dropFirst()) : Array(lengths.dropLast())
      height = space.dropLast().reduce(1, *)
      width = space.last!
      channels = isChannelsFirst ? lengths.first! : lengths.last!
      heightStride = isChannelsFirst ? width : width * channels
      widthStride = isChannelsFirst ? 1 : channels
      channelStride = isChannelsFirst ? height * width : 1
    }
  }

  /// Elements of one stimulus's activation.
  package var unitCount: Int { height * width * channels }

  /// True where the tensor is one plain list of features, N, F.
  package var isFeatureList: Bool { shape.count == 2 }

  /// True where channels are the slowest axis in memory.
  package var isChannelsFirst: Bool { shape.count >= 4 && layout == .nchw }

  /// The place of unit (h, w, c) in a stimulus's row.
  package func offset(height h: Int, width w: Int, channel c: Int) -> Int {
    h * heightStride + w * widthStride + c * channelStride
  }
}
