/// Keeps models in the form in which the runtime runs them, so that processes can share what they hold.
package protocol OptimizedModels: AnyObject, Sendable {
  /// The optimised form of a model, made where there is none yet.
  ///
  /// It must compute the same bits as the model itself.
  /// - Returns: the graph, and the folder of the files that its weights lie in; `nil` to load the model as it is.
  func optimized(_ model: [UInt8], runtime: Runtime, options: Session.Options) -> (graph: [UInt8], folder: String)?
}
