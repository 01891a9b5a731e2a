package import OnnxRuntime

/// Runtimes for tests that run side by side.
package enum TestRuntime {
  /// The library has one environment a process, shared by all who ask for one, and taking it down while another thread
  /// sets it up fails. A program does that once; tests hold it from first to last. It is never used.
  nonisolated(unsafe) private static let held = try? Runtime()

  package static func make() throws -> Runtime {
    _ = held
    return try Runtime()
  }
}
