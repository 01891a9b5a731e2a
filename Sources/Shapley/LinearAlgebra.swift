internal import CBLAS

/// The name and version of the linear algebra library, and the kind of processor that it runs its code for.
package func linearAlgebraVersion() -> String {
  let words = unsafe String(cString: openblas_get_config()).split(separator: " ")
  let core = unsafe String(cString: openblas_get_corename())
  return words.prefix(2).joined(separator: " ") + " \(core)"
}
