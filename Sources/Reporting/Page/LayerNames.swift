/// Short names for tensors, for people: `/layer1/layer1.0/Relu_1_output_0` is `layer1.0`.
///
/// A name keeps its parts between slashes, without a part that the next one repeats and without the exporter's `_output_0`; the
/// last part, an operator's, goes too where others keep the names apart. The same tensors always get the same names, and no
/// two the same one.
package struct LayerNames {
  private static let longest = 28

  /// [layers]
  package let short: [String]

  package init(_ tensors: [String]) {
    let parts = tensors.map(Self.parts)
    let whole = parts.map { $0.joined(separator: "/") }
    let cut = parts.map { $0.count > 1 ? $0.dropLast().joined(separator: "/") : $0.joined() }
    let names = zip(whole, cut).map { whole, short in cut.count { $0 == short } == 1 ? short : whole }
    let shortened = names.map(Self.shortened)
    short = shortened.indices.map { place in
      if shortened.count(where: { $0 == shortened[place] }) == 1 { return shortened[place] }
      return names.count { $0 == names[place] } == 1 ? names[place] : tensors[place]
    }
  }

  private static func parts(_ tensor: String) -> [String] {
    var name = tensor[...]
    if name.hasSuffix("_output_0") { name = name.dropLast("_output_0".count) }
    let all = name.split(separator: "/").map(String.init)
    guard !all.isEmpty else { return [tensor] }
    return all.indices.filter { $0 + 1 == all.count || !all[$0 + 1].hasPrefix(all[$0] + ".") }.map { all[$0] }
  }

  /// The middle of a long name tells least.
  private static func shortened(_ name: String) -> String {
    guard name.count > longest else { return name }
    return name.prefix(longest / 2 - 3) + "…" + name.suffix(longest / 2 + 2)
  }
}
