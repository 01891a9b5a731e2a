import Files

/// Where a layer's regions come from, if not from a grid.
package enum RegionSource: Hashable, Sendable, Codable {
  /// The heads of attention, as the graph tells.
  case heads
  /// Each head at each position.
  case headPositions
  /// The positions of a sequence, without those that are padding in all stimuli.
  case tokens
  /// The tokens that stand for a picture's patches, as their rows and columns.
  case patches
  /// Arrays of region numbers, `.npy` or `.npz`.
  case file(String)

  /// As files and messages call it: what the regions are is in the plan, wherever the file lies.
  package var name: String {
    switch self {
    case .heads: "heads"
    case .headPositions: "head-positions"
    case .tokens: "tokens"
    case .patches: "patches"
    case .file(let path): fileName(of: path)
    }
  }
}
