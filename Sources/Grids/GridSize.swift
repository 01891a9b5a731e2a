/// The number of cells that a user asks for along (h, w, c), before any layer clips it.
package struct GridSize: Hashable, Sendable, Codable, CustomStringConvertible {
  package let height: Int
  package let width: Int
  package let channels: Int

  package static let standard = GridSize(height: 8, width: 8, channels: 4)

  package init(height: Int, width: Int, channels: Int) {
    precondition(height > 0 && width > 0 && channels > 0, "a grid has at least one cell along each axis")
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Reads `8x8x4`: cells along h, w and c.
  ///
  /// - Throws: `usage` unless there are three whole numbers, each at least 1.
  package init(parsing text: String) throws(GridError) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 3 else {
      throw GridError(
        .usage,
        "grid \"\(text)\" names \(parts.count) of its 3 axes: give cells along height, width and channels, as in 8x8x4")
    }
    var cells: [Int] = []
    for (part, axis) in zip(parts, ["height", "width", "channels"]) {
      guard part.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int(part),
        number >= 1
      else {
        throw GridError(
          .usage,
          "grid \"\(text)\" has \"\(part)\" cells along \(axis): give whole numbers from 1 up, as in 8x8x4")
      }
      cells.append(number)
    }
    self.init(height: cells[0], width: cells[1], channels: cells[2])
  }

  /// All cells together, g_h·g_w·g_c; the largest integer where that would overflow.
  package var budget: Int {
    let (plane, overflowed) = height.multipliedReportingOverflow(by: width)
    let (all, overflowedAgain) = plane.multipliedReportingOverflow(by: channels)
    return overflowed || overflowedAgain ? .max : all
  }

  package var description: String { "\(height)x\(width)x\(channels)" }
}
