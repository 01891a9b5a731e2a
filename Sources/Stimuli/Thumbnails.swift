package import Arrays

/// Small pictures of a scan's first stimuli, for people to see what was shown.
package struct Thumbnails: Sendable, Hashable {
  /// At most so many are kept.
  package static let most = 256

  /// Pixels along the longer side, at most: the more pictures, the smaller.
  static func side(of count: Int) -> Int { count <= 16 ? 96 : count <= 64 ? 64 : 48 }

  package let height: Int
  package let width: Int
  /// By stimulus, [height x width x 3].
  package let images: [[UInt8]]

  package init(height: Int, width: Int, images: [[UInt8]]) {
    precondition(images.allSatisfy { $0.count == 3 * height * width }, "images of \(height) x \(width) pixels")
    (self.height, self.width, self.images) = (height, width, images)
  }

  /// uint8, [stimuli, height, width, 3].
  package var array: NumericArray {
    NumericArray(shape: [images.count, height, width, 3], uint8: images.flatMap(\.self))
  }

  /// - Returns: `nil` if the array is not that of thumbnails.
  package init?(_ array: NumericArray) {
    guard array.shape.count == 4, array.shape[3] == 3, array.scalarType == .uint8 else { return nil }
    let length = array.shape[1] * array.shape[2] * 3
    self.init(
      height: array.shape[1], width: array.shape[2],
      images: (0..<array.shape[0]).map { array.floats($0 * length..<($0 + 1) * length).map { UInt8($0) } })
  }
}

extension StimulusSet {
  /// The first stimuli as pictures, where an input is image-like: C, H, W or H, W, C with one or three channels and at
  /// least eight pixels along both axes. `nil` where none is.
  ///
  /// Bytes are taken as they are. Other numbers are stretched between the least and the largest of the stimulus, the same
  /// way for all channels. Pictures longer than 96 pixels (of more than 16
  /// stimuli 64, of more than 64 stimuli 48) are made smaller by averaging over blocks.
  ///
  /// - Throws: `StimuliError` where a file can't be read any more.
  package func thumbnails() throws(StimuliError) -> Thumbnails? {
    guard
      let (input, frame) = inputs.indices.lazy.compactMap({ index in
        self.inputs[index].rowCount == allCount
          ? ImageFrame(shape: self.inputs[index].shape, side: Thumbnails.side(of: count)).map { (index, $0) } : nil
      }).first
    else { return nil }
    // The numbers as they are stored: preprocessing would move black and white.
    var plain = self
    try plain.setPreprocessing(Preprocessing(scale: 1))
    let isBytes = inputs[input].scalarType == .uint8
    var images: [[UInt8]] = []
    for stimulus in 0..<min(Thumbnails.most, count) {
      let values = try plain.floats(stimulus: stimulus, input: input)
      guard values.allSatisfy(\.isFinite) else { return nil }
      // In double precision, since differences and sums of the largest floats overflow.
      let (low, high) = isBytes ? (0, 255) : (Double(values.min()!), Double(values.max()!))
      images.append(
        frame.picture(values) { value in
          UInt8((high > low ? 255 * (value - low) / (high - low) : 0).rounded())
        })
    }
    return Thumbnails(height: frame.pictureHeight, width: frame.pictureWidth, images: images)
  }
}

/// How an image lies in a stimulus's numbers.
private struct ImageFrame {
  let height: Int
  let width: Int
  let channels: Int
  let isChannelsFirst: Bool
  /// Pixels along a side of a picture, at most.
  let side: Int

  init?(shape: [Int], side: Int) {
    guard shape.count == 3 else { return nil }
    self.side = side
    isChannelsFirst = [1, 3].contains(shape[0])
    guard isChannelsFirst || [1, 3].contains(shape[2]) else { return nil }
    (height, width, channels) = isChannelsFirst ? (shape[1], shape[2], shape[0]) : (shape[0], shape[1], shape[2])
    guard min(height, width) >= 8 else { return nil }
  }

  /// Pixels of the image along a side of a pixel of the picture.
  private var block: Int { (max(height, width) + side - 1) / side }
  var pictureHeight: Int { (height + block - 1) / block }
  var pictureWidth: Int { (width + block - 1) / block }

  /// [picture height x picture width x 3]
  func picture(_ values: [Float], byte: (Double) -> UInt8) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(3 * pictureHeight * pictureWidth)
    for row in 0..<pictureHeight {
      for column in 0..<pictureWidth {
        for colour in 0..<3 {
          let channel = channels == 3 ? colour : 0
          var sum = 0.0
          var count = 0.0
          for h in row * block..<min((row + 1) * block, height) {
            for w in column * block..<min((column + 1) * block, width) {
              let place = isChannelsFirst ? (channel * height + h) * width + w : (h * width + w) * channels + channel
              sum += Double(values[place])
              count += 1
            }
          }
          result.append(byte(sum / count))
        }
      }
    }
    return result
  }
}
