import Anatomy
internal import FoundationEssentials
import Grids
import ScanPlan
import ScanResults
import Shapley
import Tractography

/// `connectome/`: regions and the strongest connections between them as a graph, for networkx, Gephi and their like, and
/// pathways as streamlines.
struct ConnectomeFiles {
  /// Of a link; `connections/` has them all.
  private static let edgesKept = 1024

  private let result: ScanResult
  private let links: [ConnectomeEdges]

  private init(_ result: ScanResult, _ tracts: Tracts) {
    self.result = result
    links = ConnectomeEdges.strongest(Self.edgesKept, of: tracts, in: result)
  }

  /// What makes each of the files, by path below the scan's folder.
  static func makers(_ result: ScanResult, _ tracts: Tracts) -> [() -> ScanFiles.Made] {
    let kinds: [(String, (ConnectomeFiles) -> FileContent)] = [
      ("connectome/edges.csv", { .text($0.table) }), ("connectome/connectome.graphml", { .text($0.graph) }),
    ]
    var makers: [() -> ScanFiles.Made] = kinds.map { path, content in
      {
        let files = ConnectomeFiles(result, tracts)
        return files.links.isEmpty ? [] : [(path, content(files))]
      }
    }
    if tracts.pathwayLayers.count > 1, !tracts.routes.isEmpty {
      makers.append { [("tracts/pathways.tck", .bytes(StreamlineFile.encode(streamlines(result, tracts))))] }
    }
    return makers
  }

  private func node(_ layer: Int, _ region: Int) -> String {
    "layer_\(layer)/\(result.layers[layer].grid.name(of: region))"
  }

  private var table: String {
    var text = "source,target,strength,standard_error,scaled_strength,critical\n"
    for link in links {
      for edge in link.edges {
        text += """
          \(TextFormats.csvField(node(link.link.source, edge.source))),\(TextFormats.csvField(node(link.target, edge.target))),\(edge.strength),\
          \(edge.standardError.map { "\($0)" } ?? ""),\(edge.scaled),\(edge.isCritical)\n
          """
      }
    }
    return text
  }

  /// GraphML, http://graphml.graphdrawing.org.
  private var graph: String {
    let keys: [(owner: String, name: String, type: String)] = [
      ("node", "layer", "int"), ("node", "tensor", "string"), ("node", "i", "int"), ("node", "j", "int"),
      ("node", "k", "int"), ("node", "zeta", "double"), ("node", "q_value", "double"), ("node", "critical", "boolean"),
      ("edge", "strength", "double"), ("edge", "weight", "double"), ("edge", "critical", "boolean"),
    ]
    var text = ""
    func add(_ line: String) { text += line + "\n" }
    add(#"<?xml version="1.0" encoding="UTF-8"?>"#)
    add(#"<graphml xmlns="http://graphml.graphdrawing.org/xmlns">"#)
    for key in keys {
      add(#"<key id="\#(key.owner)_\#(key.name)" for="\#(key.owner)" attr.name="\#(key.name)" attr.type="\#(key.type)"/>"#)
    }
    add(#"<graph id="connectome" edgedefault="directed">"#)
    func data(_ owner: String, _ values: KeyValuePairs<String, String>) -> String {
      values.map { #"<data key="\#(owner)_\#($0.key)">\#(TextFormats.xml($0.value))</data>"# }.joined()
    }
    for layer in result.layers {
      for region in 0..<layer.grid.regionCount {
        let (i, j, k) = layer.grid.cell(of: region)
        let content = data(
          "node",
          [
            "layer": "\(layer.plan.number)", "tensor": layer.plan.tensor, "i": "\(i)", "j": "\(j)", "k": "\(k)",
            "zeta": "\(layer.statistics.zeta[region])", "q_value": "\(layer.statistics.q[region])",
            "critical": "\(layer.statistics.isCritical[region])",
          ])
        add(#"<node id="\#(TextFormats.xml(node(layer.plan.number, region)))">\#(content)</node>"#)
      }
    }
    for link in links {
      for edge in link.edges {
        let content = data(
          "edge",
          ["strength": "\(edge.strength)", "weight": "\(edge.scaled)", "critical": "\(edge.isCritical)"])
        let source = TextFormats.xml(node(link.link.source, edge.source))
        let target = TextFormats.xml(node(link.target, edge.target))
        add(#"<edge source="\#(source)" target="\#(target)">\#(content)</edge>"#)
      }
    }
    add("</graph>")
    add("</graphml>")
    return text
  }

  /// The centres of each pathway's regions, in the order of `pathways.tsv`.
  private static func streamlines(_ result: ScanResult, _ tracts: Tracts) -> [[(x: Double, y: Double, z: Double)]] {
    tracts.routes.map { route in
      zip(tracts.pathwayLayers, route.pathway.regions).map { number, region in
        let layer = result.layers[number]
        let (i, j, k) = layer.grid.cell(of: region)
        return ScanSpace(layer: number, layer.grid.size).centre(i, j, k)
      }
    }
  }
}
