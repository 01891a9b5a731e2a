extension Design {
  func estimateRegression(_ values: [Double]) throws(ShapleyError) -> Estimate {
    throw ShapleyError(.numericalFailure, "The regression isn't written yet.")
  }
}
