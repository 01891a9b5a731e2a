extension Picture {
  /// The picture at another size, by linear interpolation; where it gets smaller, the triangle that weighs pixels gets as
  /// much wider, so that every pixel counts.
  ///
  /// Rows first, then columns, rounded to bytes after each: what Pillow calls `BILINEAR`, to the last bit (weights of
  /// 22 bits as in its `Resample.c`), so that a network sees the pictures that it was trained on.
  ///
  /// Cost: 3 x (height x new width + new height x new width) sums of as many products as the triangle spans.
  package func resized(height newHeight: Int, width newWidth: Int) -> Picture {
    precondition(newHeight > 0 && newWidth > 0, "a size")
    let across =
      newWidth == width
      ? pixels
      : Self.resample(
        pixels, lines: height, lineStride: 3 * width, from: width, to: newWidth, step: 3, newLineStride: 3 * newWidth,
        newStep: 3, lanes: 3)
    let rowLength = 3 * newWidth
    let down =
      newHeight == height
      ? across
      : Self.resample(
        across, lines: 1, lineStride: 0, from: height, to: newHeight, step: rowLength, newLineStride: 0,
        newStep: rowLength, lanes: rowLength)
    return Picture(height: newHeight, width: newWidth, pixels: down)
  }

  /// The middle of the picture; what reaches beyond it is black.
  package func cropped(height newHeight: Int, width newWidth: Int) -> Picture {
    precondition(newHeight > 0 && newWidth > 0, "a size")
    // Halves are rounded to even, as torchvision's CenterCrop does.
    let top = Int((Double(height - newHeight) / 2).rounded(.toNearestOrEven))
    let left = Int((Double(width - newWidth) / 2).rounded(.toNearestOrEven))
    var result = [UInt8](repeating: 0, count: 3 * newHeight * newWidth)
    for row in 0..<newHeight where (0..<height).contains(row + top) {
      for column in 0..<newWidth where (0..<width).contains(column + left) {
        for channel in 0..<3 {
          result[3 * (row * newWidth + column) + channel] = pixels[3 * ((row + top) * width + column + left) + channel]
        }
      }
    }
    return Picture(height: newHeight, width: newWidth, pixels: result)
  }

  /// Resamples bytes along one axis. `lanes` neighbouring bytes are treated alike.
  private static func resample(
    _ source: [UInt8], lines: Int, lineStride: Int, from: Int, to: Int, step: Int, newLineStride: Int, newStep: Int,
    lanes: Int
  ) -> [UInt8] {
    let spans = triangles(from: from, to: to)
    var result = [UInt8](repeating: 0, count: max(lines * newLineStride, to * newStep))
    for line in 0..<lines {
      for (place, span) in spans.enumerated() {
        for lane in 0..<lanes {
          var sum = 1 << (precision - 1)
          var index = line * lineStride + span.first * step + lane
          for weight in span.weights {
            sum += Int(source[index]) * weight
            index += step
          }
          result[line * newLineStride + place * newStep + lane] = UInt8(clamping: sum >> precision)
        }
      }
    }
    return result
  }

  /// Bits behind the binary point of weights.
  private static let precision = 22

  /// By new pixel: the first old one that it sees, and the weights from there on.
  private static func triangles(from: Int, to: Int) -> [(first: Int, weights: [Int])] {
    let scale = Double(from) / Double(to)
    let reach = max(scale, 1)
    return (0..<to).map { place in
      let centre = (Double(place) + 0.5) * scale
      let first = max(Int(centre - reach + 0.5), 0)
      let end = min(Int(centre + reach + 0.5), from)
      let heights = (first..<end).map { max(1 - abs((Double($0) - centre + 0.5) * (1 / reach)), 0) }
      let total = heights.reduce(0, +)
      return (first, heights.map { Int(0.5 + $0 / total * Double(1 << precision)) })
    }
  }
}
