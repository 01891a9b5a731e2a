/// Where a tensor of rank 4 or 5 keeps its channels.
package enum TensorLayout: String, Hashable, Sendable, Codable, CaseIterable {
  /// N, C, H, W: the channels vary slowest. The habit of PyTorch and of most ONNX files.
  case nchw
  /// N, H, W, C: the channels vary fastest. The habit of TensorFlow.
  case nhwc
}
