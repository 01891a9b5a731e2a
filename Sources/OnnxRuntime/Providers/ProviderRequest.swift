/// The execution provider that sessions are to run on, as a user names it.
package struct ProviderRequest: Sendable, Hashable {
  /// In lower case: `cuda`, `openvino`, or what else the library or a plugin calls one.
  package var name: String
  /// The provider's own options, by name.
  package var options: [String: String]
  /// Threads of a provider that computes on the processor.
  package var threads: Int
  /// Which of the machine's ranks this process is, from 0: devices are dealt out by it.
  package var place: Int

  package init(name: String, options: [String: String] = [:], threads: Int = 1, place: Int = 0) {
    self.name = name.lowercased()
    self.options = options
    self.threads = threads
    self.place = place
  }
}
