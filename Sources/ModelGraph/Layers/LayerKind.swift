/// What part a tensor plays in a network.
package enum LayerKind: String, Hashable, Sendable, Codable, CaseIterable {
  /// What the network is given: no hidden activations, and scanned only where it is asked for.
  case input
  /// The stream that blocks add to, or what ends a block with a skip.
  case residual
  /// What attention adds to the stream.
  case attention
  /// What a perceptron adds to the stream.
  case mlp
  /// What a convolution makes, after its normalisation and activation.
  case conv
  /// What a recurrent operator makes.
  case recurrent
  /// Vectors of tokens.
  case embedding
  case activation
  /// A factor for other activations, or what only such factors are made of.
  case gate
  /// One of several equal steps, which share their weights.
  case step
  /// What leads to a part of the output only.
  case head
  case other
}

/// A tensor's kind, and why it is of that kind: a few words.
package struct LayerRole: Hashable, Sendable {
  package let kind: LayerKind
  package let reason: String

  init(_ kind: LayerKind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }
}
