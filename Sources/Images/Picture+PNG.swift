internal import CPNG

extension Picture {
  /// Decodes a PNG file by libpng's simplified interface.
  init(png bytes: UnsafeRawBufferPointer) throws(ImageError) {
    var image = unsafe png_image()
    defer { unsafe png_image_free(&image) }
    let (height, width) = try unsafe Self.begin(&image, bytes)
    // Sixteen bits are the same curve of brightness as eight, unless the file says otherwise.
    unsafe image.flags |= nnfmri_png_16_bit_srgb
    unsafe image.format = nnfmri_png_rgba
    var withAlpha = [UInt8](repeating: 0, count: 4 * height * width)
    guard unsafe png_image_finish_read(&image, nil, &withAlpha, 0, nil) != 0 else { throw unsafe Self.damaged(image) }
    var pixels = [UInt8](repeating: 0, count: 3 * height * width)
    for pixel in 0..<height * width {
      for channel in 0..<3 { pixels[3 * pixel + channel] = withAlpha[4 * pixel + channel] }
    }
    self.init(height: height, width: width, pixels: pixels)
  }

  static func pngSize(of bytes: UnsafeRawBufferPointer) throws(ImageError) -> (height: Int, width: Int) {
    var image = unsafe png_image()
    defer { unsafe png_image_free(&image) }
    return try unsafe begin(&image, bytes)
  }

  private static func begin(
    _ image: inout png_image, _ bytes: UnsafeRawBufferPointer
  ) throws(ImageError) -> (height: Int, width: Int) {
    unsafe image.version = nnfmri_png_version
    guard unsafe png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
      throw unsafe damaged(image)
    }
    let (height, width) = unsafe (Int(image.height), Int(image.width))
    try check(height: height, width: width)
    return (height, width)
  }

  static func check(height: Int, width: Int) throws(ImageError) {
    let (pixels, overflowed) = height.multipliedReportingOverflow(by: width)
    guard height > 0, width > 0, !overflowed, pixels <= mostPixels else {
      throw ImageError("is of \(height) x \(width) pixels, and up to \(mostPixels) are read: make it smaller")
    }
  }

  private static func damaged(_ image: png_image) -> ImageError {
    let message = unsafe withUnsafeBytes(of: image.message) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return ImageError("is a damaged PNG file (\(message)): copy or write it anew")
  }
}
