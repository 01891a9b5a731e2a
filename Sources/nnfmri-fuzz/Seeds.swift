import Arrays

/// Small whole files of each format.
enum Seeds {
  static let npy: [[UInt8]] = [
    NumericArray(shape: [3], int64: [0, 1, 2]).npyBytes(),
    NumericArray(shape: [2, 3, 8, 9], floats: (0..<432).map(Float.init)).npyBytes(),
    NumericArray(shape: [4, 2], uint8: [1, 2, 3, 4, 5, 6, 7, 8]).npyBytes(),
    NumericArray(shape: [2, 2], doubles: [1, -2, 0.5, 1e30]).npyBytes(),
    NumericArray(shape: [3, 1], bools: [true, false, true]).npyBytes(),
  ]

  static let idx: [[UInt8]] = [
    [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 8] + (0..<144).map { UInt8($0) },
    [0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 2],
    [0, 0, 0x0D, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0x3F, 0x80, 0, 0, 0x7F, 0xC0, 0, 0],
  ]

  static let cifar: [[UInt8]] = [[3] + (0..<3072).map { UInt8(truncatingIfNeeded: $0) }]

  static let tables = [
    "a,b,label\n1,2.5,0\n3,-4e1,1\n", "1;2;3\n4;5;6\n", "\"a, b\"\tc\n\"1\"\t2\n", "1\n2\n3\n",
  ].map { Array($0.utf8) }
}
