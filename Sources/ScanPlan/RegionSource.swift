/// Where a layer's regions come from, if not from a grid.
package enum RegionSource: Hashable, Sendable, Codable {
  /// Arrays of region numbers, `.npy` or `.npz`.
  case file(String)

  /// As files and messages call it: what the regions are is in the plan, wherever the file lies.
  package var name: String {
    switch self {
    case .file(let path): path.split(separator: "/").last.map(String.init) ?? path
    }
  }
}
