package import Statistics
package import Tractography

/// What was measured of a network's wiring: connection strengths between consecutive layers, the strongest pathways,
/// and what lesions of them and of random ones did.
package struct Tracts: Sendable, Codable {
  /// The step from a scanned layer to the next, or from the last to the output.
  package struct Link: Sendable, Codable, Hashable {
    /// The number of the layer that it leads from.
    package var source: Int
    /// The number of the layer that it leads to; `nil` for the output.
    package var target: Int?
    package var sourceCount: Int
    package var targetCount: Int
    /// Why it wasn't traced; `nil` where it was.
    package var reason: String?
    /// Σ of all strengths, by stimulus.
    package var totals: [Double] = []

    /// As files name it: `layer_0_to_1`.
    package var name: String { "layer_\(source)_to_\(target.map { "\($0)" } ?? "output")" }

    package init(
      source: Int, target: Int? = nil, sourceCount: Int, targetCount: Int, reason: String? = nil, totals: [Double] = []
    ) {
      self.source = source
      self.target = target
      self.sourceCount = sourceCount
      self.targetCount = targetCount
      self.reason = reason
      self.totals = totals
    }
  }

  /// A pathway among the k strongest.
  package struct Route: Sendable, Codable, Hashable {
    package var pathway: Pathway
    /// Σ C along it, unscaled.
    package var rawStrength: Double
    /// The share of bootstrap samples of the stimuli in which it is among the k strongest; `nil` for one stimulus.
    package var stability: Double?
    /// Which random pathways it is compared with.
    package var family: Int

    package init(
      pathway: Pathway, rawStrength: Double, stability: Double? = nil, family: Int
    ) {
      self.pathway = pathway
      self.rawStrength = rawStrength
      self.stability = stability
      self.family = family
    }
  }

  /// Random pathways whose regions have certain sizes.
  package struct Family: Sendable, Codable, Hashable {
    /// Units of the region in each layer.
    package var unitCounts: [Int]
    package var pathways: [Pathway]

    package init(
      unitCounts: [Int], pathways: [Pathway]
    ) {
      self.unitCounts = unitCounts
      self.pathways = pathways
    }
  }

  /// Stimuli that were traced: the first ones of the scan.
  package var stimulusCount: Int
  package var links: [Link]
  /// The classes that the output's regions stand for, in order.
  package var outputClasses: [Int]
  /// Numbers of the layers that pathways lead through: the longest run of traced links.
  package var pathwayLayers: [Int]
  /// Whether pathways end in the target class.
  package var reachesOutput: Bool
  /// Strongest first.
  package var routes: [Route]
  package var families: [Family]
  /// By stimulus: v of the intact network, of the routes, then of each family's pathways.
  package var values: [[Float]]

  /// By link, mean strengths over stimuli, then their standard errors (NaN for one stimulus), each [sources x targets];
  /// empty where the link wasn't traced.
  package var strengths: [Strengths] = []

  /// Mean strengths of a link and their errors; [sources x targets].
  package struct Strengths: Sendable, Hashable {
    package var mean: [Float]
    package var standardError: [Float]

    package init(
      mean: [Float], standardError: [Float]
    ) {
      self.mean = mean
      self.standardError = standardError
    }
  }

  private enum CodingKeys: CodingKey {
    case stimulusCount, links, outputClasses, pathwayLayers, reachesOutput, routes, families, values
  }

  package init(
    stimulusCount: Int, links: [Link], outputClasses: [Int], pathwayLayers: [Int], reachesOutput: Bool, routes: [Route],
    families: [Family], values: [[Float]], strengths: [Strengths] = []
  ) {
    self.stimulusCount = stimulusCount
    self.links = links
    self.outputClasses = outputClasses
    self.pathwayLayers = pathwayLayers
    self.reachesOutput = reachesOutput
    self.routes = routes
    self.families = families
    self.values = values
    self.strengths = strengths
  }
}

extension Tracts {
  /// Stimuli with finite values: v(intact) − v of each row; [routes, then random pathways of each family].
  var effects: [[Double]] {
    values.filter { $0.allSatisfy(\.isFinite) }.map { row in row.dropFirst().map { Double(row[0]) - Double($0) } }
  }

  /// How the lesions of the routes compare with those of random pathways.
  package var tests: [PathwayTest] {
    PathwayTest.tests(
      effects: effects.map { Array($0.prefix(routes.count)) }, family: routes.map(\.family),
      randomEffects: randomEffects,
      own: routes.map { route in
        let random = families[route.family].pathways
        return random.indices.filter { random[$0].regions == route.pathway.regions }
      })
  }

  /// How well strength predicts the effect of a lesion, over all random pathways. `nil` where there are too few, or
  /// nothing varies.
  package func prediction(confidence: Double) -> RankCorrelation? {
    RankCorrelation(
      families.flatMap { $0.pathways.map(\.strength) }, randomEffects.flatMap(\.self), confidence: confidence)
  }

  /// By family, the mean effect of each random pathway.
  private var randomEffects: [[Double]] {
    let effects = effects
    var start = routes.count
    return families.map { family in
      defer { start += family.pathways.count }
      guard !effects.isEmpty else { return [] }
      return family.pathways.indices.map { pathway in
        effects.reduce(0) { $0 + $1[start + pathway] } / Double(effects.count)
      }
    }
  }
}

extension Tracts {
  /// The regions of a pathway that can be lesioned: those of scanned layers, not the output's.
  package func lesioned(_ pathway: Pathway) -> [Int] {
    Array(pathway.regions.prefix(pathwayLayers.count))
  }
}
