/// A picture of red, green and blue bytes, row by row.
package struct Picture: Sendable, Hashable {
  /// Beyond any photograph, and small enough that decoding takes less than a second and half a gigabyte.
  package static let mostPixels = 64 << 20

  package let height: Int
  package let width: Int
  /// [height x width x 3]
  package let pixels: [UInt8]

  package init(height: Int, width: Int, pixels: [UInt8]) {
    precondition(pixels.count == 3 * height * width, "3 bytes for each of \(height) x \(width) pixels")
    (self.height, self.width, self.pixels) = (height, width, pixels)
  }

  /// Decodes a PNG or JPEG file, told apart by its first bytes, and turns it upright as its EXIF block says.
  ///
  /// Depths other than 8 bits become 8; transparency is dropped, as colours lie below it.
  /// - Throws: `ImageError` if it is neither, damaged, or of more than `mostPixels`.
  package init(decoding bytes: UnsafeRawBufferPointer) throws(ImageError) {
    switch unsafe PictureFormat(bytes) {
    case .png: try unsafe self.init(png: bytes)
    case .jpeg: try unsafe self.init(jpeg: bytes)
    case nil: throw ImageError("is neither a PNG nor a JPEG file: convert it to one of them")
    }
  }

  /// One channel after the other: red, green and blue, or their brightness as ITU-R BT.601 weighs them.
  ///
  /// - Parameter channels: 3, or 1 for brightness.
  /// - Returns: [channels x height x width]
  package func planes(channels: Int) -> [UInt8] {
    precondition(channels == 1 || channels == 3, "grey or three colours")
    let count = height * width
    if channels == 1 {
      // 0.299, 0.587 and 0.114 in 65,536ths.
      return (0..<count).map { pixel in
        let (red, green, blue) = (Int(pixels[3 * pixel]), Int(pixels[3 * pixel + 1]), Int(pixels[3 * pixel + 2]))
        return UInt8((19_595 * red + 38_470 * green + 7_471 * blue + 32_768) >> 16)
      }
    }
    var planes = [UInt8](repeating: 0, count: 3 * count)
    for pixel in 0..<count {
      for channel in 0..<3 { planes[channel * count + pixel] = pixels[3 * pixel + channel] }
    }
    return planes
  }

  /// The picture turned and mirrored to stand upright.
  ///
  /// - Parameter orientation: EXIF's, 1 to 8: which sides of the picture the first row and column are.
  func upright(orientation: Int) -> Picture {
    guard (2...8).contains(orientation) else { return self }
    let swapsAxes = orientation >= 5
    let (newHeight, newWidth) = swapsAxes ? (width, height) : (height, width)
    var result = [UInt8](repeating: 0, count: pixels.count)
    for row in 0..<newHeight {
      for column in 0..<newWidth {
        let (y, x) =
          switch orientation {
          case 2: (row, width - 1 - column)
          case 3: (height - 1 - row, width - 1 - column)
          case 4: (height - 1 - row, column)
          case 5: (column, row)
          case 6: (height - 1 - column, row)
          case 7: (height - 1 - column, width - 1 - row)
          default: (column, width - 1 - row)
          }
        for channel in 0..<3 {
          result[3 * (row * newWidth + column) + channel] = pixels[3 * (y * width + x) + channel]
        }
      }
    }
    return Picture(height: newHeight, width: newWidth, pixels: result)
  }
}
