/// Which axes of a tensor a grid's height, width and channels are laid over.
///
/// An entry is the number of an axis of the scanned tensor, whose axis 0 counts stimuli. Where several axes form one, they
/// are read slowest first, as the digits of a number: depth and height, or a window's place and the place in the window.
package struct GridAxes: Hashable, Sendable, Codable {
  package let height: [Int]
  package let width: [Int]
  package let channels: [Int]

  package init(height: [Int], width: [Int], channels: [Int]) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Reads a layout that a user names: one letter an axis, n first. C is the channels, h and w are height and width, d is
  /// depth, t is time or tokens.
  ///
  /// - Returns: `nil` if it has other letters, one twice, or no n in front.
  package init?(layout: String) {
    let letters = Array(layout.lowercased())
    guard letters.first == "n", letters.count >= 2, Set(letters).count == letters.count,
      letters.dropFirst().allSatisfy({ "chwdt".contains($0) })
    else { return nil }
    let space = letters.indices.dropFirst().filter { letters[$0] != "c" }
    // The last of the axes of space is the width, unless there is one only.
    let hasWidth = space.count > 1
    self.init(
      height: hasWidth ? Array(space.dropLast()) : space, width: hasWidth ? [space.last!] : [],
      channels: letters.indices.filter { letters[$0] == "c" })
  }

  /// How many axes the tensor has, with that of stimuli.
  package var rank: Int { height.count + width.count + channels.count + 1 }
}
