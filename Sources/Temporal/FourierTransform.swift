internal import CFourier

/// The discrete Fourier transform of real signals of one length, in double precision, by KISS FFT.
///
/// Cost: O(n log n) where n has small prime factors only.
@safe final class FourierTransform {
  let length: Int
  private let plan: OpaquePointer

  /// - Parameter length: above 0.
  init(length: Int) {
    precondition(length > 0)
    guard let plan = unsafe nnfmri_fourier_create(length) else { fatalError("no memory for a transform of \(length)") }
    self.length = length
    unsafe self.plan = plan
  }

  deinit {
    unsafe nnfmri_fourier_destroy(plan)
  }

  /// X_k = Σ_t x_t·exp(−2πikt/n), unscaled, for k = 0...n/2.
  ///
  /// - Parameter samples: `[length]`.
  func forward(_ samples: [Double]) -> (real: [Double], imaginary: [Double]) {
    precondition(samples.count == length)
    var pairs = [Double](repeating: 0, count: 2 * (length / 2 + 1))
    unsafe nnfmri_fourier_forward(plan, samples, &pairs)
    return (
      stride(from: 0, to: pairs.count, by: 2).map { pairs[$0] },
      stride(from: 1, to: pairs.count, by: 2).map { pairs[$0] }
    )
  }
}
