/// What a rank may use. Decides no byte of a result, but for a memory budget that makes the batch smaller.
package struct ResourceOptions: Sendable {
  /// Whether the ranks of a machine hold weights once.
  package var weightSharing = WeightSharing.auto
  /// Bytes of prefix results that each rank keeps; `nil` is what `memoryBudget` leaves, or else 64 MB.
  package var cacheBytes: Int?
  /// Bytes that each rank may hold; `nil` is no limit.
  package var memoryBudget: Int?
  /// The folder for prefix results that memory doesn't hold; `nil`: they are computed again.
  package var spillFolder: String?
  /// Which of its machine's ranks this one is, from 0: devices are dealt out by it. Found out, not asked for.
  package var place = 0

  package init() {}
}

/// Whether the ranks of a machine hold a model's weights once.
package enum WeightSharing: String, CaseIterable, Sendable {
  /// Where the weights are large enough to be worth the time it takes, and several ranks run on the machine or memory is
  /// bounded.
  case auto
  case always
  case never
}
