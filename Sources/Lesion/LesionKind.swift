/// What lesioned units are replaced by.
package enum LesionKind: String, Sendable, Codable, CaseIterable {
  /// 0.
  case zero
  /// The unit's mean over the stimuli.
  case mean
  /// The unit's activation under another stimulus, the donor, drawn with the design.
  case resample
}
