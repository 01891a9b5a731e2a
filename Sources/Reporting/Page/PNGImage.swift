internal import CPNG

/// An RGB image as a PNG file in memory, by libpng. The bytes depend on the pixels alone.
enum PNGImage {
  /// - Parameter pixels: [height x width x 3].
  static func encode(_ pixels: [UInt8], width: Int, height: Int) -> [UInt8] {
    precondition(pixels.count == 3 * width * height && width > 0 && height > 0)
    var image = png_image()
    image.version = nnfmri_png_version
    image.width = UInt32(width)
    image.height = UInt32(height)
    image.format = nnfmri_png_rgb
    // No encoding of w x h RGB pixels is longer: stored blocks of deflate, filter bytes and chunks of the header.
    var size = pixels.count + height + pixels.count / 1000 + 1024
    var bytes = [UInt8](repeating: 0, count: size)
    let isEncoded = png_image_write_to_memory(&image, &bytes, &size, 0, pixels, 0, nil)
    precondition(isEncoded != 0, "libpng failed on an image of \(width) x \(height) pixels")
    bytes.removeLast(bytes.count - size)
    return bytes
  }
}
