import Files
internal import Images

/// How pictures of all sizes become stimuli of one: resized first, then cropped to the middle.
package struct PictureSizing: Sendable, Hashable {
  package enum Resize: Sendable, Hashable {
    case to(height: Int, width: Int)
    /// The shorter side to this length, the longer in proportion, rounded down.
    case shortest(Int)
  }

  /// `nil` leaves the size.
  package var resize: Resize?
  package var crop: (height: Int, width: Int)? {
    get { cropHeight > 0 ? (cropHeight, cropWidth) : nil }
    set { (cropHeight, cropWidth) = newValue ?? (0, 0) }
  }
  private var cropHeight = 0
  private var cropWidth = 0

  package init(resize: Resize? = nil, crop: (height: Int, width: Int)? = nil) {
    self.resize = resize
    self.crop = crop
  }

  /// Reads what `--resize` and `--crop` are given: `HxW`, one number for a square, or `shortest:N` to resize.
  ///
  /// - Throws: `badInput` for anything else.
  package init(resize: String?, crop: String?) throws(StimuliError) {
    if let resize {
      if resize.hasPrefix("shortest:") {
        guard let side = Self.side(resize.dropFirst("shortest:".count)) else { throw Self.unread("resize", resize) }
        self.resize = .shortest(side)
      } else {
        guard let (height, width) = Self.size(resize) else { throw Self.unread("resize", resize) }
        self.resize = .to(height: height, width: width)
      }
    }
    if let crop {
      guard let size = Self.size(crop) else { throw Self.unread("crop", crop) }
      self.crop = size
    }
  }

  private static let largestSide = 1 << 14

  private static func side(_ text: Substring) -> Int? {
    Int(text).flatMap { (1...largestSide).contains($0) ? $0 : nil }
  }

  private static func size(_ text: String) -> (height: Int, width: Int)? {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let height = side(parts[0]), let width = side(parts[parts.count - 1]),
      height * width <= Picture.mostPixels
    else { return nil }
    return (height, width)
  }

  private static func unread(_ option: String, _ text: String) -> StimuliError {
    StimuliError(
      .badInput,
      "--\(option) \(text) is no size: give height and width such as 224x224\(option == "resize" ? ", or shortest:256" : "")")
  }

  /// The size that a picture of this size gets.
  func size(of height: Int, _ width: Int) -> (height: Int, width: Int) {
    crop ?? resized(height, width)
  }

  /// Whether pictures of any size get the same.
  var isUniform: Bool {
    if crop != nil { return true }
    if case .to = resize { return true }
    return false
  }

  private func resized(_ height: Int, _ width: Int) -> (height: Int, width: Int) {
    switch resize {
    case nil: (height, width)
    case .to(let height, let width): (height, width)
    case .shortest(let side):
      height < width ? (side, side * width / height) : (side * height / width, side)
    }
  }

  func apply(_ picture: Picture) throws(StimuliError) -> Picture {
    let (height, width) = resized(picture.height, picture.width)
    guard height * width <= Picture.mostPixels, height > 0, width > 0 else {
      throw StimuliError(.badInput, "is of \(picture.height) x \(picture.width) pixels, too long and narrow to resize")
    }
    let resized = picture.resized(height: height, width: width)
    return crop.map { resized.cropped(height: $0.height, width: $0.width) } ?? resized
  }
}
