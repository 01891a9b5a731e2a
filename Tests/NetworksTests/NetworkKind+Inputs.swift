import ModelGraph

extension NetworkKind {
  /// A classifier of the positions of a sequence, with a mask that says which of them are padding.
  static func maskedPositions(_ mask: String, tokens: Int? = 2) -> NetworkKind {
    NetworkKind("of positions with a mask", inputs: [("x", [5, 6], nil), (mask, [5], tokens)]) { net in
      net.builder.input("x", [nil, 5, 6])
      net.builder.input(mask, [nil, 5], type: tokens == nil ? .float : .int64)
      let flags = net.add("Cast", [mask], to: "flags", ["to": .int(1)])
      let column = net.add("Unsqueeze", [flags, net.constant([2])], to: "column")
      let masked = net.add("Mul", ["x", column], to: "without padding")
      let hidden = net.add("Relu", [net.add("MatMul", [masked, net.weight(6, 8)], to: "sum")], to: "hidden")
      net.add("MatMul", [hidden, net.weight(8, 4)], to: "logits")
      net.builder.output("logits", [nil, 5, 4])
    }
  }

  /// Numbers and a category, which an encoder makes floats of, as pipelines of scikit-learn do.
  static let encoded = NetworkKind("of an encoded category", inputs: [("x", [6], nil), ("job", [1], 4)]) { net in
    net.builder.input("x", [nil, 6])
    net.builder.input("job", [nil, 1], type: .int64)
    let codes = net.add("OneHotEncoder", ["job"], to: "codes", ["cats_int64s": .ints([0, 1, 2, 3])], domain: "ai.onnx.ml")
    let flat = net.add(
      "Reshape", [net.add("Concat", [codes, codes], to: "all", ["axis": .int(-1)]), net.constant([-1, 8])], to: "flat")
    let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
    let joined = net.add("Concat", [hidden, flat], to: "joined", ["axis": .int(1)])
    net.add("MatMul", [joined, net.weight(16, 3)], to: "logits")
    net.builder.output("logits", [nil, 3])
  }

  /// Exported with as many stimuli as are named here, or with any number.
  static func exported(with batch: Int?) -> NetworkKind {
    NetworkKind("exported with a batch of \(batch.map { "\($0)" } ?? "any length")") { net in
      net.builder.input("x", [batch, 6])
      let split = net.add("Reshape", ["x", net.constant([Int64(batch ?? -1), 2, 3])], to: "split")
      let sum = net.add("MatMul", [split, net.weight(3, 4)], to: "sum")
      let hidden = net.add("Relu", [sum], to: "hidden")
      let flat = net.add("Reshape", [hidden, net.constant([Int64(batch ?? -1), 8])], to: "flat")
      net.add("MatMul", [flat, net.weight(8, 3)], to: "logits")
      net.builder.output("logits", [batch, 3])
    }
  }
}

extension NetworkKind {
  /// A recurrent layer whose states were written into the file for as many stimuli as are named here. The scores of each stimulus
  /// are one number, so that the output has one axis.
  static func recurrent(
    with batch: Int?, start: @escaping @Sendable (_ rows: Int) -> [Float] = { [Float](repeating: 0.5, count: 8 * $0) }
  ) -> NetworkKind {
    NetworkKind("recurrent, with a batch of \(batch.map { "\($0)" } ?? "any length")", inputs: [("x", [5, 6], nil)]) { net in
      net.builder.input("x", [batch, 5, 6])
      let turned = net.add("Transpose", ["x"], to: "turned", ["perm": .ints([1, 0, 2])])
      let weights = [net.weight(2, 16, 6), net.weight(2, 16, 4), net.weight(2, 32)]
      net.builder.weight("start", [2, batch ?? 1, 4], start(batch ?? 1))
      let length = net.add("Gather", [net.add("Shape", [turned], to: "shape"), net.constant([1])], to: "length")
      let target = net.add("Concat", [net.constant([2]), length, net.constant([4])], to: "target", ["axis": .int(0)])
      let repeated = net.add("Expand", ["start", target], to: "repeated")
      // As exporters write them: a constant, and one that is repeated to the length that the input tells.
      let starts = [batch == nil ? repeated : "start", repeated]
      let steps = net.add(
        "LSTM", [turned] + weights + [""] + starts, to: "steps",
        ["hidden_size": .int(4), "direction": .string("bidirectional")])
      let order = net.add("Transpose", [steps], to: "order", ["perm": .ints([0, 2, 1, 3])])
      let joined = net.add("Reshape", [order, net.constant([5, Int64(batch ?? -1), 8])], to: "joined")
      let last = net.add("Gather", [joined, net.constant([4], isScalar: true)], to: "last", ["axis": .int(0)])
      let scores = net.add("MatMul", [last, net.weight(8, 1)], to: "score")
      net.add("Squeeze", [scores, net.constant([1])], to: "logits")
      net.builder.output("logits", [batch])
    }
  }

  /// Grey pictures, whose channel is an axis of 1 too, with a class token for each, and scores of one axis.
  static func grey(with batch: Int?) -> NetworkKind {
    NetworkKind("grey, with a batch of \(batch.map { "\($0)" } ?? "any length")", inputs: [("x", [1, 4, 4], nil)]) { net in
      net.builder.input("x", [batch, 1, 4, 4])
      net.add("Conv", ["x", net.weight(3, 1, 3, 3)], to: "conv", ["pads": .ints([1, 1, 1, 1])])
      let hidden = net.add("Relu", ["conv"], to: "hidden")
      let flat = net.add("Reshape", [hidden, net.constant([Int64(batch ?? -1), 3, 16])], to: "flat")
      let token = net.weight(1, 1, 16)
      var joined = flat
      if let batch {
        let tokens = net.add("Expand", [token, net.constant([Int64(batch), 1, 16])], to: "tokens")
        joined = net.add("Concat", [tokens, flat], to: "all", ["axis": .int(1)])
      } else {
        let shape = net.add("Shape", ["x"], to: "shape")
        let length = net.add("Gather", [shape, net.constant([0])], to: "length")
        let target = net.add("Concat", [length, net.constant([1, 16])], to: "target", ["axis": .int(0)])
        joined = net.add("Concat", [net.add("Expand", [token, target], to: "tokens"), flat], to: "all", ["axis": .int(1)])
      }
      let sum = net.add("ReduceMean", [joined], to: "sum", ["axes": .ints([1]), "keepdims": .int(0)])
      let score = net.add("MatMul", [sum, net.weight(16, 1)], to: "score")
      net.add("Squeeze", [score, net.constant([1])], to: "logits")
      net.builder.output("logits", [batch])
    }
  }
}

extension NetworkKind {
  /// Constants of other ranks than what they meet, targets put together of constants, and zeros that values are scattered into.
  static func folded(with batch: Int?) -> NetworkKind {
    NetworkKind("folded, with a batch of \(batch.map { "\($0)" } ?? "any length")") { net in
      net.builder.input("x", [batch, 6])
      let length = net.add("Gather", [net.add("Shape", ["x"], to: "shape"), net.constant([0])], to: "length")
      // Added to a vector for each stimulus, one behind an axis of 1.
      let start: [Float] = [0.3, -0.2, 0.5, 0.1, -0.4, 0.2]
      net.builder.weight("wide", [1, batch ?? 1, 6], (0..<(batch ?? 1)).flatMap { _ in start })
      let state = net.add("Add", ["wide", "x"], to: "state")
      let hidden = net.add("Tanh", [net.add("MatMul", [state, net.weight(6, 8)], to: "sum")], to: "hidden")
      let rows = net.add("Squeeze", [hidden, net.constant([0])], to: "rows")
      // The largest entries, where they were.
      net.builder.node("TopK", [rows, net.constant([3])], ["largest", "places"])
      let zeros: String
      if let batch {
        net.builder.weight("zeros", [batch, 8], [Float](repeating: 0, count: 8 * batch))
        zeros = "zeros"
      } else {
        let target = net.add("Concat", [length, net.constant([8])], to: "zeros_shape", ["axis": .int(0)])
        zeros = net.add("ConstantOfShape", [target], to: "zeros")
      }
      let kept = net.add("ScatterElements", [zeros, "places", "largest"], to: "kept", ["axis": .int(1)])
      let split = net.add("Reshape", [kept, net.constant([Int64(batch ?? -1), 2, 4])], to: "split")
      // A class token, repeated to a length that is chosen among constants.
      let asked = net.constant([Int64(batch ?? -1), -1, -1])
      let ones = net.constant([1, 1, 1])
      let isFree = net.add("Equal", [asked, net.constant([-1, -1, -1])], to: "is_free")
      let chosen =
        batch == nil
        ? net.add("Concat", [length, net.constant([1, 1])], to: "chosen", ["axis": .int(0)])
        : net.add("Where", [isFree, ones, asked], to: "chosen")
      let token = net.add("Expand", [net.weight(1, 1, 4), chosen], to: "token")
      let all = net.add("Concat", [token, split], to: "all", ["axis": .int(1)])
      net.add("MatMul", [net.add("Flatten", [all], to: "flat"), net.weight(12, 3)], to: "logits")
      net.builder.output("logits", [batch, 3])
    }
  }
}
