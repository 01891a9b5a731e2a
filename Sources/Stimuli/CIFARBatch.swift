import Files

/// CIFAR-10 binary batches: records of 3,073 bytes, a label and then the red, green and blue planes of a 32 x 32 image
/// (https://www.cs.toronto.edu/~kriz/cifar.html).
package enum CIFARBatch {
  package static let recordLength = 1 + 3 * 32 * 32
  package static let classCount = 10

  /// The images of a batch, and their labels.
  static func read(_ path: String) throws(StimuliError) -> (StimulusInput.Segment, labels: [Int]) {
    let bytes = try FileBytes(contentsOf: path)
    guard bytes.count.isMultiple(of: recordLength) else {
      throw StimuliError(
        .badInput,
        "\(path) has \(bytes.count) bytes, which is no multiple of \(recordLength): give CIFAR-10 binary batches, or stimuli as .npy or .npz"
      )
    }
    let count = bytes.count / recordLength
    guard count > 0 else {
      throw StimuliError(.badInput, "\(path) is empty: give a CIFAR-10 batch of at least one \(recordLength)-byte record")
    }
    let labels = (0..<count).map { Int(bytes[$0 * recordLength]) }
    bytes.releasePages()
    if let record = labels.firstIndex(where: { $0 >= classCount }) {
      throw StimuliError(
        .badInput,
        "\(path): record \(record) has label \(labels[record]), and CIFAR-10 has classes 0 to 9: is it a CIFAR-10 binary batch?")
    }
    return (StimulusInput.Segment(bytes: bytes, offset: 1, stride: recordLength, count: count), labels)
  }

  /// Writes a batch.
  ///
  /// - Parameters:
  ///   - labels: from 0 to 9. [images]
  ///   - pixels: [images x 3 x 32 x 32]
  /// - Throws: `cannotWrite`.
  package static func write(labels: [Int], pixels: [UInt8], to path: String) throws(StimuliError) {
    precondition(pixels.count == labels.count * (recordLength - 1), "one label for each image of 3 x 32 x 32 bytes")
    var file: [UInt8] = []
    file.reserveCapacity(labels.count * recordLength)
    for (image, label) in labels.enumerated() {
      precondition((0..<classCount).contains(label), "a class of CIFAR-10")
      file.append(UInt8(label))
      file += pixels[image * (recordLength - 1)..<(image + 1) * (recordLength - 1)]
    }
    try writeFile(file, to: path)
  }
}
