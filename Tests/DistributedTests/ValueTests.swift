import Arrays
import Foundation
import ModelGraph
import TestSupport
import Testing

extension DistributedTests {
  @Suite struct `Values of one's own` {
    private let folder = TemporaryFolder()

    @Test func `that are differences have the difference of ζ, by values and by gradients`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3)
      let options = files.options + ["--layers", "inner", "--grid", "2x2x2"]
      let exact = options + ["--estimator", "exact", "--samples", "32"]
      let first = try ScanRun.zeta(exact + ["--target", "1"])
      let second = try ScanRun.zeta(exact + ["--target", "3"])
      let difference = try ScanRun.zeta(exact + ["--value", "2*logit[1] - logit[3]"])
      for region in difference.indices {
        #expect(abs(difference[region] - 2 * first[region] + second[region]) < 1e-5)
      }
      let gradients = try ScanRun.zeta(
        options + ["--value", "2*logit[1] - logit[3]", "--estimator", "gradient", "--samples", "400"], ranks: 2)
      let scale = difference.map(abs).max()!
      for region in difference.indices { #expect(abs(gradients[region] - difference[region]) < 0.1 * scale) }
    }

    @Test func `name classes that each stimulus has`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3)
      let arrays = SmallNetwork.residual.arrays(3)
      try writeNPZ(arrays + [("right", NumericArray(shape: [3], int64: [1, 1, 1]))], to: files.data)
      let options = files.options + ["--layers", "inner", "--grid", "2x2x2", "--estimator", "exact", "--samples", "32"]
      #expect(
        try ScanRun.zeta(options + ["--value", "logit[right] - logit[0]"])
          == ScanRun.zeta(options + ["--value", "logit[1] - logit[0]"]))
    }

    @Test(arguments: ["kl", "js", "cosine", "accuracy"])
    func `compare with the intact answer, on any number of ranks alike`(value: String) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3)
      let options = files.options + ["--layers", "inner", "--grid", "2x2x2", "--value", value, "--samples", "20"]
      let alone = try ScanRun(options, ranks: nil)
      #expect(alone.command.exitCode == 0, "\(alone.command)")
      #expect(try ScanRun(options, ranks: 2).results == alone.results)
      let layer = try #require(try alone.json("impact.json")["layer_0"] as? [String: any Sendable])
      #expect(try #require(layer["effect"] as? Double) >= 0)
    }

    @Test func `sum a continuation over its positions, by values and by gradients`() throws {
      let files = try SmallNetwork.sequence.write(to: folder, stimuli: 3)
      let arrays = SmallNetwork.sequence.arrays(3)
      let classes: [[Int64]] = [
        [-100, 2, -100, -100, 0, -100], [-100, 1, -100, -100, 2, -100], [-100, 0, -100, -100, 0, -100],
      ]
      try writeNPZ(arrays + [("next", NumericArray(shape: [3, 6], int64: classes.flatMap(\.self)))], to: files.data)
      let second = NumericArray(shape: [3], int64: classes.map { $0[1] })
      let fifth = NumericArray(shape: [3], int64: classes.map { $0[4] })
      let options = files.options + ["--layers", "attention", "--grid", "3x1x2"]
      let exact = options + ["--estimator", "exact", "--samples", "64"]
      let whole = try ScanRun.zeta(exact + ["--value", "loss(next)"])
      var parts = [[Double]]()
      for (column, position) in [(second, "1"), (fifth, "4")] {
        let data = folder.path("part.npz")
        try writeNPZ(arrays + [("right", column)], to: data)
        parts.append(
          try ScanRun.zeta(
            ["--model", files.model, "--data", data] + exact.dropFirst(4) + ["--position", position, "--value", "logprob[right]"])
        )
      }
      let scale = whole.map(abs).max()!
      for region in whole.indices { #expect(abs(whole[region] - parts[0][region] - parts[1][region]) < 1e-4 * scale) }
      let gradients = try ScanRun.zeta(
        options + ["--value", "loss(next)", "--estimator", "gradient", "--samples", "400"], ranks: 2)
      for region in whole.indices { #expect(abs(gradients[region] - whole[region]) < 0.1 * scale) }
    }

    @Test func `are the cosine to vectors of the stimuli's file or of one of its own, which mustn't change`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3)
      let vectors = NumericArray(shape: [3, 5], floats: (0..<15).map { Float($0 % 7) - 2 })
      try writeNPZ(SmallNetwork.residual.arrays(3) + [("wanted", vectors)], to: files.data)
      let path = folder.path("wanted.npy")
      try vectors.writeNPY(to: path)
      let options = files.options + ["--layers", "inner", "--grid", "2x2x2", "--estimator", "exact", "--samples", "32"]
      let named = try ScanRun.zeta(options + ["--value", "cosine(wanted)"])
      #expect(try ScanRun.zeta(options + ["--value", "cosine(\(path))"], ranks: 2) == named && named.contains { $0 != 0 })
      let output = folder.path("out")
      let own = ["scan"] + options + ["--value", "cosine(\(path))", "--out", output, "--progress", "none"]
      #expect(try Program.run(own).exitCode == 0)
      try NumericArray(shape: [5], floats: [1, 0, 0, 0, 0]).writeNPY(to: path)
      let again = try Program.run(own + ["--resume"])
      #expect(
        again.exitCode == 64 && again.errors.contains("the file that the value takes something from has changed"), "\(again)")
      #expect(try ScanRun.zeta(options + ["--value", "cosine(\(path))"]) != named)
    }

    @Test func `of kept scores are those that a scan of its own has`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3, labels: [0, 2, 4])
      let options =
        files.options + ["--layers", "inner,block", "--grid", "2x2x2", "--estimator", "regression", "--samples", "20"]
      let kept = folder.path("kept")
      let scan = try Program.run(["scan"] + options + ["--keep-scores", "--progress", "none", "--out", kept], ranks: 2)
      try #require(scan.exitCode == 0, "\(scan)")
      try expectScoresAnswer(
        [("margin", "label"), ("kl", "predicted"), ("2*logit[1] - logit[3]", "predicted"), ("logprob", "4")], kept: kept,
        options: options, classes: 5, regions: 2 * 8)
      let refused = try Program.run(["report", kept, "--value", "logit[9]", "--out", folder.path("none")])
      #expect(refused.exitCode == 64 && refused.complaints.first?.contains("class 9") == true, "\(refused)")
    }

    @Test func `of kept scores are right behind layers that the scores are affine in`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 4)
      let options = files.options + ["--layers", "second", "--grid", "1x1x8", "--samples", "32"]
      let (kept, asked) = (folder.path("kept"), folder.path("asked"))
      let scan = try Program.run(["scan"] + options + ["--keep-scores", "--progress", "none", "--out", kept])
      try #require(scan.exitCode == 0, "\(scan)")
      let report = try Program.run(["report", kept, "--value", "prob", "--out", asked])
      let own = try ScanRun(options + ["--value", "prob"], ranks: nil)
      let reported = TemporaryFolder.files(below: asked)["impact.json"]
      #expect(report.exitCode == 0 && own.command.exitCode == 0 && reported == own.files["impact.json"], "\(report)")

      let single = folder.path("single")
      let affine = ["--estimator", "affine", "--keep-scores", "--progress", "none", "--out", single]
      try #require(try Program.run(["scan"] + options + affine).exitCode == 0)
      let sums = try Program.run(["report", single, "--value", "logit[1] - logit[0]", "--out", folder.path("sums")])
      #expect(sums.exitCode == 0, "\(sums)")
      let refused = try Program.run(["report", single, "--value", "prob", "--out", folder.path("none")])
      #expect(refused.exitCode == 64 && refused.errors.contains("measured by single lesions"), "\(refused)")
    }

    @Test func `of classes with fewer names than there are classes say so`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      let names = folder.file("names.txt", text: "cat\ndog\nfox\n")
      for (names, isNoted) in [(names, true), (folder.file("all.txt", text: "cat\ndog\nfox\nowl\n"), false)] {
        let run = try ScanRun(files.options + ["--layers", "second", "--samples", "20", "--class-names", names], ranks: nil)
        let notes = try #require(try run.json("scan.json")["notes"] as? [String])
        #expect(notes.contains { $0.contains("names of 3 classes, and the model has 4") } == isNoted, "\(notes)")
      }
    }

    @Test func `of labels that are no class say so`() throws {
      for (labels, words) in [
        ([1, 4, 2], "Of 3 labels 1 is no class of the model, as 4"), ([-1, 0, 9], "Of 3 labels 1 is no"), ([0, 1, 3], nil),
      ]
        as [([Int], String?)]
      {
        let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3, labels: labels)
        let run = try ScanRun(files.options + ["--layers", "second", "--samples", "20"], ranks: nil)
        let notes = try #require(try run.json("scan.json")["notes"] as? [String])
        #expect(notes.contains { $0.contains(words ?? "no class of the model") } == (words != nil), "\(notes)")
      }
    }

    @Test func `of stimuli without a label count them as neither right nor wrong`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 4, labels: [-1, 0, -1, 1])
      let options = files.options + ["--layers", "second", "--samples", "20"]
      let run = try ScanRun(options, ranks: nil)
      let notes = try #require(try run.json("scan.json")["notes"] as? [String])
      #expect(notes.contains { $0.hasPrefix("Of 4 labels 2 are below 0: these stimuli count as unlabelled") }, "\(notes)")
      let lesions = try #require(try run.json("lesions.json")["layer_0"] as? [String: Any])
      let trials = try #require((lesions["lesion_trials"] as? [String: Any])?["trials"] as? [[String: Any]])
      #expect(!trials.isEmpty && trials.allSatisfy { ($0["wrong"] as? Int).map { $0 <= 2 } == true }, "\(trials)")
      let kept = folder.path("kept")
      #expect(
        try Program.run(["scan"] + options + ["--keep-scores", "--out", kept, "--progress", "none"], ranks: nil).exitCode == 0)
      let report = try Program.run(
        ["report", kept, "--value", "logit[label] - logit[0]", "--out", folder.path("again")], ranks: nil)
      #expect(report.exitCode == 65 && report.errors.contains("stimulus 0 has none (-1)"), "\(report)")
      for (asked, words) in [
        (["--value", "logit[label] - logit[0]"], "stimulus 0 has none (-1)"), (["--target", "label"], "has label -1"),
        (["--lesion", "mean-of-class"], "has no label (-1)"),
      ] {
        let refused = try ScanRun(options + asked, ranks: nil).command
        #expect(refused.exitCode == 65 && refused.complaints.first?.contains(words) == true, "\(refused)")
      }
    }

    @Test func `of fewer stimuli than were asked for say so`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      for (asked, isNoted) in [("100", true), ("3", false), ("2", false)] {
        let run = try ScanRun(files.options + ["--layers", "second", "--samples", "20", "--stimuli", asked], ranks: nil)
        let notes = try #require(try run.json("scan.json")["notes"] as? [String])
        #expect(notes.contains { $0.contains("--stimuli asks for 100; 3 are there") } == isNoted, "\(notes)")
      }
    }

    @Test func `of labels are of the classes as the model calls them`() throws {
      let network = SmallNetwork.perceptron
      let labels = [2, 5, 9, 2]
      let files = try network.write(to: folder, stimuli: 4, labels: labels)
      var proto = network.proto
      var zip = Onnx_NodeProto()
      (zip.opType, zip.domain, zip.input, zip.output) = ("ZipMap", "ai.onnx.ml", [proto.graph.output[0].name], ["named"])
      var classes = Onnx_AttributeProto()
      (classes.name, classes.type, classes.ints) = ("classlabels_int64s", .ints, [2, 5, 7, 9])
      zip.attribute = [classes]
      proto.graph.node.append(zip)
      var domain = Onnx_OperatorSetIdProto()
      (domain.domain, domain.version) = ("ai.onnx.ml", 1)
      proto.opsetImport.append(domain)
      let model = folder.file("named.onnx", try Model(proto: proto).serialized())
      let plain = try network.write(to: folder, stimuli: 4, labels: [0, 1, 3, 0])
      let options = ["--layers", "second", "--samples", "20", "--target", "label"]
      let expected = try ScanRun(plain.options + options, ranks: nil)
      _ = try network.write(to: folder, stimuli: 4, labels: labels)
      let named = try ScanRun(["--model", model, "--data", files.data] + options, ranks: nil)
      #expect(named.command.exitCode == 0 && named.files["impact.json"] == expected.files["impact.json"], "\(named.command)")
      let scan = try named.json("scan.json")
      #expect((scan["stimuli"] as? [String: any Sendable])?["labels"] as? [Int] == [0, 1, 3, 0])
      #expect((scan["notes"] as? [String])?.contains { $0.contains("calls its classes 2, 5, 7, 9") } == true)
      // Labels that are no classes of its own count columns, as everywhere else.
      _ = try network.write(to: folder, stimuli: 4, labels: [0, 1, 3, 0])
      let counted = try ScanRun(["--model", model, "--data", files.data] + options, ranks: nil)
      #expect(counted.files["impact.json"] == expected.files["impact.json"], "\(counted.command)")
    }

    /// As scikit-learn's exporter writes them for `zipmap="columns"`: the class's number, and an output for each class.
    @Test func `of classes that have an output each are of all of them`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 4)
      var proto = SmallNetwork.perceptron.proto
      let scores = proto.graph.output[0].name
      proto.graph.output = []
      var net = GraphBuilder(name: "columns", opset: 20)
      for number in 0..<4 {
        let ends = ["from", "to"].enumerated().map { net.integers("\($1)_\(number)", [Int64(number + $0)]) }
        let column = net.node("Slice", [scores, ends[0], ends[1], net.integers("axis_\(number)", [1])], ["column_\(number)"])
        net.node("Reshape", [column, net.integers("flat_\(number)", [-1])], ["i\(number)"])
        net.output("i\(number)", [nil])
      }
      net.node("ArgMax", [scores], ["output_label"], ["axis": .int(1), "keepdims": .int(0)])
      net.output("output_label", [nil], type: .int64)
      proto.graph.node += net.graph.node
      proto.graph.initializer += net.graph.initializer
      proto.graph.output = net.graph.output
      let model = folder.file("columns.onnx", try Model(proto: proto).serialized())
      let options = ["--layers", "second", "--samples", "20"]
      let whole = try ScanRun(files.options + options, ranks: nil)
      let parted = try ScanRun(["--model", model, "--data", files.data] + options, ranks: nil)
      #expect(parted.command.exitCode == 0 && parted.files["impact.json"] == whole.files["impact.json"], "\(parted.command)")
      // One that is named is read alone.
      let named = try ScanRun(["--model", model, "--data", files.data, "--output", "i1"] + options, ranks: nil)
      #expect(named.command.exitCode == 0 && named.files["impact.json"] != whole.files["impact.json"], "\(named.command)")
    }

    @Test func `that name elements go with any label`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3, labels: [0, 9, 2])
      let run = try ScanRun(files.options + ["--value", "output:probabilities[:]:max", "--target", "label"], ranks: nil)
      #expect(run.command.exitCode == 0, "\(run.command)")
    }

    @Test func `of some classes' kept scores are those that a scan of its own has, and others are refused`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3, labels: [0, 2, 4])
      let options =
        files.options + [
          "--layers", "inner", "--grid", "2x2x2", "--estimator", "regression", "--samples", "20", "--target", "label",
        ]
      let (kept, asked) = (folder.path("kept"), folder.path("asked"))
      let some = options + ["--value", "logprob[3]", "--keep-scores", "4"]
      let scan = try Program.run(["scan"] + some + ["--progress", "none", "--out", kept], ranks: 2)
      try #require(scan.exitCode == 0, "\(scan)")
      for (value, target) in [
        ("logprob", "label"), ("prob[3]", "label"), ("margin", "label"), ("margin", "predicted"),
        ("logit[label] - logprob[3]", "3"),
      ] {
        let report = try Program.run(["report", kept, "--value", value, "--target", target, "--out", asked])
        try #require(report.exitCode == 0, "\(report)")
        let own = try ScanRun(options.dropLast(2) + ["--value", value, "--target", target], ranks: nil)
        let reported = try NumericArray(contentsOfNPY: kept + "/acquisition/layer_0.npy")
        #expect(reported.shape[1].isMultiple(of: 1 + 4 + 2))
        let ours = try impact(try #require(TemporaryFolder.files(below: asked)["impact.json"]))
        let theirs = try impact(try #require(own.files["impact.json"]))
        let scale = theirs.map(abs).max()!
        #expect(ours.count == 8 && zip(ours, theirs).allSatisfy { abs($0 - $1) < 1e-5 * scale + 1e-7 }, "\(value) of \(target)")
      }
      for (options, words) in [
        (["--value", "kl"], "all 5 classes"), (["--target", "each"], "--target each needs"),
        (["--value", "logit[9]"], "class 9"),
      ] {
        let refused = try Program.run(["report", kept] + options + ["--out", folder.path("none/inside")])
        #expect(refused.exitCode == 64 && refused.complaints.first?.contains(words) == true, "\(refused)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("none")), "\(refused)")
      }
      let few = try ScanRun(options + ["--value", "logprob[3]", "--keep-scores", "2"], ranks: nil)
      #expect(few.command.exitCode == 64 && few.command.complaints.first?.contains("give 3 or more") == true, "\(few.command)")
    }

    private func impact(_ bytes: [UInt8]) throws -> [Double] {
      let json = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
      let regions = try #require((json["layer_0"] as? [String: Any])?["grids"] as? [String: [String: Any]])
      return try regions.sorted { $0.key < $1.key }.map { try #require($0.value["zeta"] as? Double) }
    }

    @Test(arguments: [
      ("logit[1] - logit[", 64, "bracket"), ("logit[99]", 64, "class 99 is out of range"), ("logit[paris]", 64, "\"paris\""),
      ("logit[label]", 64, "--labels"), ("loss(next", 64, "between the brackets"), ("loss(next)", 64, "is no array of"),
      ("cosine(none.npy)", 66, "none.npy"), ("loss(image)", 65, "whole ones"), ("cosine(image)", 64, "has 72 entries"),
    ])
    func `are refused where they can't be read`(value: String, code: Int, words: String) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 2)
      let run = try ScanRun(files.options + ["--layers", "inner", "--value", value], ranks: nil)
      #expect(run.command.exitCode == code, "\(run.command)")
      #expect(run.command.complaints.first?.contains(words) == true, "\(run.command)")
    }
  }
}
