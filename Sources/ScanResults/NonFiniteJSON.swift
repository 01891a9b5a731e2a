internal import FoundationEssentials

// JSON has no NaN and no infinity, and a lesion may give them.
extension JSONEncoder {
  /// Numbers that aren't finite become `nan`, `inf` and `-inf`, as texts; keys are in order.
  static var withNonFinite: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }
}

extension JSONDecoder {
  /// Reads what `JSONEncoder.withNonFinite` writes.
  static var withNonFinite: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }
}
