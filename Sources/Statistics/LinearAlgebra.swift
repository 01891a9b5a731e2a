internal import CBLAS
internal import Synchronization

/// The name and version of the linear algebra library, and the kind of processor that it runs its code for.
package func linearAlgebraVersion() -> String {
  let words = unsafe String(cString: openblas_get_config()).split(separator: " ")
  let core = unsafe String(cString: openblas_get_corename())
  return words.prefix(2).joined(separator: " ") + " \(core)"
}

private let linearAlgebraLock = Mutex(())

/// Calls OpenBLAS from one thread at a time: its serial build, which holds a rank to its core, shares working memory among all
/// callers without a guard. Needed by all that is more than a loop over vectors.
package func withLinearAlgebra(_ call: () -> Void) {
  linearAlgebraLock.withLock { _ in call() }
}
