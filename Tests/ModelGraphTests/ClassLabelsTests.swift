import FoundationEssentials
import Testing

@testable import ModelGraph

@Suite struct `Names of a model's classes` {
  private func model(_ build: (inout Onnx_GraphProto) -> Void) -> Model {
    var proto = Onnx_ModelProto()
    proto.graph.output = [Onnx_ValueInfoProto(name: "scores", elementType: .float)]
    build(&proto.graph)
    return Model(proto: proto)
  }

  private func node(_ operatorType: String, _ inputs: [String], _ output: String, domain: String = "") -> Onnx_NodeProto {
    var node = Onnx_NodeProto()
    (node.opType, node.domain, node.input, node.output) = (operatorType, domain, inputs, [output])
    return node
  }

  @Test func `are those of a ZipMap, numbers or words`() {
    for (numbers, names) in [([1, 2, 5], [String]()), ([], ["cat", "dog"])] as [([Int64], [String])] {
      let model = model { graph in
        var zip = node("ZipMap", ["scores"], "map", domain: "ai.onnx.ml")
        var attribute = Onnx_AttributeProto()
        if names.isEmpty {
          (attribute.name, attribute.type, attribute.ints) = ("classlabels_int64s", .ints, numbers)
        } else {
          (attribute.name, attribute.type) = ("classlabels_strings", .strings)
          attribute.strings = names.map { Data($0.utf8) }
        }
        zip.attribute = [attribute]
        graph.node = [zip]
      }
      let labels = model.classLabels
      #expect(labels?.numbers == (names.isEmpty ? numbers.map(Int.init) : nil))
      #expect(labels?.names == (names.isEmpty ? ["1", "2", "5"] : names))
    }
  }

  @Test func `are those that the best of the scores is looked up in`() {
    let model = model { graph in
      var classes = Onnx_TensorProto()
      (classes.name, classes.dataType, classes.dims, classes.int64Data) = ("classes", ElementType.int64.rawValue, [3], [3, 4, 9])
      graph.initializer = [classes]
      graph.node = [
        node("ArgMax", ["scores"], "best"), node("ArrayFeatureExtractor", ["classes", "best"], "label", domain: "ai.onnx.ml"),
      ]
    }
    #expect(model.classLabels?.numbers == [3, 4, 9])
  }

  @Test func `are none of a table that anything else is looked up in`() {
    let model = model { graph in
      var classes = Onnx_TensorProto()
      (classes.name, classes.dataType, classes.dims, classes.int64Data) = ("columns", ElementType.int64.rawValue, [3], [3, 4, 9])
      graph.initializer = [classes]
      graph.node = [node("ArrayFeatureExtractor", ["columns", "input"], "feature", domain: "ai.onnx.ml")]
    }
    #expect(model.classLabels == nil)
  }
}
