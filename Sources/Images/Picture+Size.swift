extension Picture {
  /// The height and width of a file's picture as it stands upright, from its header alone.
  ///
  /// - Throws: `ImageError` if it is no picture.
  package static func size(of bytes: UnsafeRawBufferPointer) throws(ImageError) -> (height: Int, width: Int) {
    switch unsafe PictureFormat(bytes) {
    case .png: try unsafe pngSize(of: bytes)
    case .jpeg: try unsafe jpegSize(of: bytes)
    case nil: throw ImageError("is neither a PNG nor a JPEG file: convert it to one of them")
    }
  }
}
