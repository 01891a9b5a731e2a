import Statistics

/// What lesions say of pathways that wiring says are strong.
///
/// The effect of a pathway is the mean over stimuli of v(intact) − v(with all its regions lesioned at once). Its p-value
/// is its rank among B other random pathways of the same region sizes, one-sided: (1 + b)/(1 + B), b of them with an effect as
/// large.
package struct PathwayTest: Sendable, Hashable {
  /// In units of v; NaN where no stimulus gave finite values.
  package let effect: Double
  /// Of the effect, over stimuli; `nil` for a single one.
  package let standardError: Double?
  package let p: Double
  /// Benjamini–Hochberg over the pathways tested together.
  package let q: Double

  /// - Parameters:
  ///   - effects: by stimulus, of the pathways; [pathways].
  ///   - family: of each pathway, which of the random families it is compared with.
  ///   - randomEffects: by family, the mean effects of its random pathways.
  ///   - own: of each pathway, its places among the random ones of its family, which aren't others.
  package static func tests(
    effects: [[Double]], family: [Int], randomEffects: [[Double]], own: [[Int]]
  ) -> [PathwayTest] {
    let moments = family.indices.map { pathway in effects.isEmpty ? nil : SampleMoments(effects.map { $0[pathway] }) }
    let p = family.indices.map { pathway -> Double in
      guard let mean = moments[pathway]?.mean else { return 1 }
      let random = randomEffects[family[pathway]]
      let others = random.indices.filter { !own[pathway].contains($0) }.map { random[$0] }
      return Double(1 + others.count { $0 >= mean }) / Double(1 + others.count)
    }
    let q = FalseDiscoveryRate.qValues(p)
    return family.indices.map { pathway in
      PathwayTest(
        effect: moments[pathway]?.mean ?? .nan,
        standardError: effects.count < 2 ? nil : moments[pathway]!.standardError, p: p[pathway], q: q[pathway])
    }
  }
}
