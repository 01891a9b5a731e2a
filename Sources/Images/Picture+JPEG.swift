internal import CJPEG

extension Picture {
  /// Decodes a JPEG file of grey, three colours or four inks by libjpeg-turbo. Inks are mixed as Pillow does.
  init(jpeg bytes: UnsafeRawBufferPointer) throws(ImageError) {
    let start = unsafe bytes.assumingMemoryBound(to: UInt8.self).baseAddress
    let header = try unsafe Self.header(of: bytes)
    let (height, width) = (Int(header.height), Int(header.width))
    var pixels = [UInt8](repeating: 0, count: 3 * height * width)
    try unsafe Self.run { message in unsafe nnfmri_jpeg_decode(start, bytes.count, &pixels, message) }
    self = Picture(height: height, width: width, pixels: pixels).upright(orientation: Int(header.orientation))
  }

  static func jpegSize(of bytes: UnsafeRawBufferPointer) throws(ImageError) -> (height: Int, width: Int) {
    let header = try unsafe header(of: bytes)
    let (height, width) = (Int(header.height), Int(header.width))
    return header.orientation >= 5 ? (width, height) : (height, width)
  }

  private static func header(of bytes: UnsafeRawBufferPointer) throws(ImageError) -> nnfmri_jpeg_header {
    let start = unsafe bytes.assumingMemoryBound(to: UInt8.self).baseAddress
    var header = nnfmri_jpeg_header()
    try unsafe run { message in unsafe nnfmri_jpeg_read_header(start, bytes.count, &header, message) }
    try check(height: Int(header.height), width: Int(header.width))
    return header
  }

  private static func run(_ call: (UnsafeMutablePointer<CChar>) -> Int32) throws(ImageError) {
    var message = [CChar](repeating: 0, count: nnfmri_jpeg_message_length)
    let status = unsafe message.withUnsafeMutableBufferPointer { unsafe call($0.baseAddress!) }
    guard status == 0 else {
      let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw ImageError("is a damaged JPEG file (\(text)): copy or write it anew")
    }
  }
}
