package import UserErrors

/// What can go wrong when a design is asked for or values are analysed: one sentence that says what, where and the mend.
package struct ShapleyError: UserError, Hashable {
  package enum Code: Sendable, Hashable {
    /// An estimator and an index, or a design, that don't go together.
    case unsuitableEstimator
    /// A design and a number of regions that don't go together.
    case unsuitableDesign
    /// The budget is below what the estimator needs for an estimate with an error bar.
    case budgetTooSmall
    /// Values that don't belong to the design: wrong number, or not finite.
    case badValues
    /// A factorisation failed although the input was valid.
    case numericalFailure
  }

  package let code: Code
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var exitStatus: ExitStatus {
    switch code {
    case .numericalFailure, .badValues: .defect
    case .unsuitableEstimator, .unsuitableDesign, .budgetTooSmall: .usage
    }
  }
}
