/// What a checkpoint says of its measurements.
package struct ScanIdentity: Codable, Hashable {
  package var origin: ScanOrigin
  package var plan: ScanPlan
  /// Of all machines that measured so far. Measurements of different ones can be joined: they differ in their last digits
  /// only, and a scan that goes on elsewhere is worth more than that; but its result has to say so.
  package var instructionSets: [String]

  package init(origin: ScanOrigin, plan: ScanPlan, instructionSets: [String]) {
    self.origin = origin
    self.plan = plan
    self.instructionSets = instructionSets
  }

  /// What a scan of this identity would do differently from another, in words; `nil` if nothing.
  package func difference(from other: ScanIdentity) -> String? {
    if let difference = origin.difference(from: other.origin) { return difference }
    if plan.batch != other.plan.batch {
      return "coalitions run \(plan.batch) at a time now and ran \(other.plan.batch) at a time then, by --memory"
    }
    if plan.provider != other.plan.provider {
      func name(_ plan: ScanPlan) -> String { plan.provider ?? "the processor" }
      return "passes run on \(name(plan)) now and ran on \(name(other.plan)) then, and the last bits of values differ"
    }
    return plan == other.plan ? nil : "the plan differs"
  }
}
