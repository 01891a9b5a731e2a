/// The number of cells that a user asks for along (h, w, c), before any layer clips it.
package struct GridSize: Hashable, Sendable, Codable, CustomStringConvertible {
  package let height: Int
  package let width: Int
  package let channels: Int

  package static let standard = GridSize(height: 8, width: 8, channels: 4)

  /// Places alone, 8 x 8, each with all channels.
  package static let spatial = GridSize(height: 8, width: 8, channels: 1)
  /// Every channel by itself, at all places.
  package static let channels = GridSize(height: 1, width: 1, channels: .max)
  /// Every place by itself, with all its channels.
  package static let positions = GridSize(height: .max, width: .max, channels: 1)
  /// Every unit by itself.
  package static let units = GridSize(height: .max, width: .max, channels: .max)

  /// Sizes that have names.
  private static let named = ["spatial": spatial, "channels": channels, "positions": positions, "units": units]

  package init(height: Int, width: Int, channels: Int) {
    precondition(height > 0 && width > 0 && channels > 0, "a grid has at least one cell along each axis")
    self.height = height
    self.width = width
    self.channels = channels
  }

  private enum CodingKeys: CodingKey {
    case height, width, channels
  }

  /// - Throws: `DecodingError` where an axis has no cell.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let cells = try [CodingKeys.height, .width, .channels].map { key in
      let count = try values.decode(Int.self, forKey: key)
      guard count > 0 else {
        throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "a grid without cells")
      }
      return count
    }
    self.init(height: cells[0], width: cells[1], channels: cells[2])
  }

  /// Reads `8x8x4`: cells along h, w and c; or `spatial`, `channels`, `positions` or `units`.
  ///
  /// - Throws: `usage` unless there are three whole numbers, each at least 1.
  package init(parsing text: String) throws(GridError) {
    if let named = Self.named[text] { self = named } else { try self.init(cells: text) }
  }

  private init(cells text: String) throws(GridError) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard text.contains("x") || text.allSatisfy(\.isNumber) else {
      let names = Self.named.keys.sorted().joined(separator: ", ")
      throw GridError(.usage, "grid \"\(text)\" is none of \(names), and no cells along height, width and channels, as in 8x8x4")
    }
    guard parts.count == 3 else {
      throw GridError(
        .usage,
        "grid \"\(text)\" names \(parts.count) of its 3 axes: give cells along height, width and channels, as in 8x8x4, or spatial, channels, positions or units"
      )
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

  package var description: String {
    Self.named.first { $0.value == self && $0.key != "spatial" }?.key ?? "\(height)x\(width)x\(channels)"
  }
}
