package import ModelGraph
package import OnnxRuntime

extension Session.Options {
  /// Options for a model and its parts: where its weights lie, and what the runtime mustn't do to it.
  package init(
    for model: Model, threads: Int = 1, optimized: (any OptimizedModels)? = nil, isOnProcessor: Bool = false
  ) {
    self.init(threads: threads, externalDataFolder: model.folder, optimized: optimized, isOnProcessor: isOnProcessor)
    // ONNX Runtime 1.32 ends by a segmentation fault where it joins a Transpose and a MatMul of float16.
    if model.elementTypes().values.contains(.float16) { disabledOptimizers = ["MatmulTransposeFusion"] }
  }
}

extension Session {
  /// Loads a part of a network of which some inputs always have the same shapes.
  ///
  /// Parts declare inputs of free shapes, which the runtime's own kernels take, but for Scan, of which it must know how many axes what it
  /// makes has. Providers that compile a network want to know them.
  /// - Parameter shapes: by the input's name.
  /// - Throws: `ModelGraphError` for a model that is too large, `OnnxRuntimeError` (`modelRefused`) with the runtime's reason.
  convenience init(runtime: Runtime, part: Model, shapes: [String: [Int]], options: Options) throws {
    let needsShapes = runtime.provider != nil && !options.isOnProcessor || part.contains(operator: "Scan")
    try self.init(
      runtime: runtime, model: (needsShapes ? part.declaringInputs(of: shapes) : part).serialized(), options: options)
  }

  /// The same, where all inputs are known. - Parameter inputs: what it will be run on, in the graph's order.
  convenience init(runtime: Runtime, part: Model, feeding inputs: [Tensor], options: Options) throws {
    try self.init(
      runtime: runtime, part: part,
      shapes: Dictionary(zip(part.inputNames, inputs.map(\.shape)), uniquingKeysWith: { first, _ in first }),
      options: options)
  }
}
