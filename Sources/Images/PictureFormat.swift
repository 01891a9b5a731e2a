/// The formats of pictures, told by a file's first bytes.
package enum PictureFormat: Sendable {
  case png, jpeg

  package init?(_ bytes: UnsafeRawBufferPointer) {
    if unsafe bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if unsafe bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else {
      return nil
    }
  }

  /// Whether a file's name is one of a picture.
  package static func isPicture(_ name: String) -> Bool {
    let name = name.lowercased()
    return [".png", ".jpg", ".jpeg"].contains { name.hasSuffix($0) }
  }
}
