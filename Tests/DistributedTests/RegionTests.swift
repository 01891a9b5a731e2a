import Arrays
import Foundation
import ModelGraph
import TestSupport
import Testing

extension DistributedTests {
  @Suite struct `Regions of one's own` {
    private let folder = TemporaryFolder()

    private func write(_ array: NumericArray, _ name: String = "regions.npy") -> String {
      folder.file(name, array.npyBytes())
    }

    private func zeta(_ run: ScanRun) throws -> [String: Double] {
      let layer = try #require(try run.json("impact.json")["layer_0"] as? [String: any Sendable])
      let regions = try #require(layer["grids"] as? [String: [String: any Sendable]])
      return try regions.mapValues { try #require($0["zeta"] as? Double) }
    }

    @Test func `have the ζ of the grid whose cells they name, and their own names`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 4)
      // The cells of a grid of 2x2x1 over 4 channels of 6 x 6 places, numbered backwards.
      let places = (0..<36).map { place -> Int32 in
        let (row, column) = (place / 18, place % 6 / 3)
        return Int32(3 - 2 * row - column)
      }
      let regions = write(NumericArray(shape: [6, 6], int32: places))
      let names = folder.file("names.txt", text: "lower right\nlower \"left\", outside\nupper right\nupper left\n")
      let options = files.options + ["--layers", "block", "--estimator", "exact"]
      let grid = try ScanRun(options + ["--grid", "2x2x1"], ranks: nil)
      let own = try ScanRun(options + ["--regions", regions, "--region-names", names], ranks: nil)
      #expect(grid.command.exitCode == 0 && own.command.exitCode == 0, "\(own.command)")
      let (cells, sets) = (try zeta(grid), try zeta(own))
      for (cell, name) in [
        ("grid_0_0_0", "upper left"), ("grid_0_1_0", "upper right"), ("grid_1_0_0", "lower \"left\", outside"),
        ("grid_1_1_0", "lower right"),
      ] {
        #expect(abs(try #require(cells[cell]) - (try #require(sets[name]))) < 1e-6, "\(name)")
      }
      #expect(own.files.keys.contains { $0.hasSuffix(".nii.gz") } == false)
      let path = "maps/sub-network/func/sub-network_task-lesion_space-layer0_desc-regions_stats.tsv"
      let table = String(decoding: try #require(own.files[path]), as: UTF8.self)
      #expect(table.hasPrefix("region\teffect\t") && table.contains("\nupper left\t"))
      #expect(own.command.errors.contains("no NIfTI volumes"))
      #expect(String(decoding: try #require(own.files["report.html"]), as: UTF8.self).contains("upper left"))
    }

    @Test func `are said where there is but one, which tells nothing apart`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 2)
      func notes(_ grid: String) throws -> String {
        try ScanRun(files.options + ["--layers", "block", "--grid", grid, "--no-tracts"], ranks: nil).command.errors
      }
      let note = "layer_0 (block) has one region, whose ζ is the whole effect"
      #expect(try notes("1x1x1").contains(note))
      #expect(try !notes("1x1x2").contains(note))
    }

    @Test func `are the same bytes on any number of ranks, and again by report`() throws {
      let files = try SmallNetwork.sequence.write(to: folder, stimuli: 4)
      let positions: [Int32] = [-1, 0, 1, 1, 2, 3]
      let path = folder.path("regions.npz")
      try writeNPZ(
        [("stream", NumericArray(shape: [6, 1], int32: positions)), ("hidden", NumericArray(shape: [6], int32: positions))],
        to: path)
      let options = files.options + ["--regions", path, "--samples", "8"]
      let alone = try ScanRun(options, ranks: nil)
      try #require(alone.command.exitCode == 0, "\(alone.command)")
      #expect(try alone.json("impact.json").count == 2)
      #expect(alone.command.errors.contains("17 % of its units are in no region"))
      for ranks in [2, 3] {
        let run = try ScanRun(options, ranks: ranks)
        #expect(run.results == alone.results, "on \(ranks) ranks: \(run.command)")
      }
      let output = folder.path("again")
      for (path, bytes) in alone.files {
        let file = URL(fileURLWithPath: output + "/" + path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
      }
      let report = try Program.run(["report", output], ranks: nil)
      #expect(report.exitCode == 0, "\(report)")
      #expect(TemporaryFolder.files(below: output)["impact.json"] == alone.files["impact.json"])
    }

    @Test(arguments: [("channels", "channel ", 4), ("positions", "position 5, 5", 36), ("units", "units", 144)])
    func `can be every channel, every position or every unit`(regions: String, words: String, count: Int) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3)
      let run = try ScanRun(files.options + ["--layers", "block", "--regions", regions, "--samples", "40"], ranks: nil)
      #expect(run.command.exitCode == 0, "\(run.command)")
      #expect(try zeta(run).count == count)
      #expect(regions == "units" || !run.command.output.contains("grid_"), "\(run.command)")
      #expect(String(decoding: try #require(run.files["report.html"]), as: UTF8.self).contains(words))
    }

    @Test func `are heads where the graph has any, of the ζ that their units have`() throws {
      let files = try SmallNetwork.sequence.write(to: folder, stimuli: 3)
      // The 8 features of "attended" are 2 heads of 4.
      let regions = write(NumericArray(shape: [1, 8], int32: [0, 0, 0, 0, 1, 1, 1, 1]))
      let options = files.options + ["--layers", "attended", "--estimator", "exact"]
      let own = try ScanRun(options + ["--regions", regions], ranks: nil)
      let heads = try ScanRun(options + ["--regions", "heads"], ranks: nil)
      #expect(own.command.exitCode == 0 && heads.command.exitCode == 0, "\(heads.command)")
      let (a, b) = (try zeta(own), try zeta(heads))
      let page = String(decoding: try #require(heads.files["report.html"]), as: UTF8.self)
      #expect(page.contains(#"<table class="heads">"#) && page.contains("layer_0, head 1"))
      #expect(a["region_0"] == b["head 0"] && a["region_1"] == b["head 1"] && b.count == 2)
      let found = try ScanRun(files.options + ["--regions", "head-positions", "--samples", "16"], ranks: nil)
      #expect(found.command.exitCode == 0, "\(found.command)")
      #expect(try zeta(found).count == 12 && zeta(found)["head 1 at 5"] != nil)
      #expect(found.files.keys.contains { $0.hasSuffix("stat-effect_statmap.nii.gz") })
    }

    @Test func `are tokens with their names, without padding`() throws {
      let files = try SmallNetwork.tokens.write(to: folder, stimuli: 2)
      let words = NumericArray(shape: [2, 5], int64: [3, 1, 4, 1, 5, 3, 2, 4, 1, 6])
      let numbers = NumericArray(shape: [2, 3], floats: [0, 1, 2, 3, 4, 5])
      let data = folder.path("sentences.npz")
      try writeNPZ([("words", words), ("numbers", numbers)], to: data)
      let vocabulary = folder.file("vocab.txt", text: "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n")
      let options = ["--model", files.model, "--data", data, "--layers", "mixed", "--layout", "mixed=ntc", "--regions", "tokens"]
      let run = try ScanRun(options + ["--vocabulary", vocabulary, "--estimator", "exact"], ranks: nil)
      #expect(run.command.exitCode == 0, "\(run.command)")
      #expect(try zeta(run).keys.sorted() == ["token 0 three", "token 1", "token 2 four", "token 3 one", "token 4"])
      let page = String(decoding: try #require(run.files["report.html"]), as: UTF8.self)
      let strip = page.components(separatedBy: #"<p class="tokens""#).dropFirst().first?.components(separatedBy: "</p>").first
      let spans = strip?.components(separatedBy: "</span>").compactMap { $0.split(separator: ">").last.map(String.init) }
      #expect(spans == ["three", "1", "four", "one", "4"])
      let short = try ScanRun(
        options + ["--vocabulary", folder.file("short.txt", text: "zero\none\n"), "--estimator", "exact"], ranks: nil)
      #expect(short.command.exitCode == 65 && short.command.complaints.first?.contains("no token 3") == true)
    }

    @Test func `are tokens without padding where a mask counts what a cache holds too`() throws {
      let files = try SmallNetwork.cached.write(to: folder, stimuli: 2)
      let data = folder.path("cached.npz")
      try writeNPZ(
        [
          ("words", NumericArray(shape: [2, 4], int64: [3, 1, 4, 0, 5, 3, 2, 0])),
          ("mask", NumericArray(shape: [2, 6], int64: [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0])),
          ("past_key", NumericArray(shape: [2, 2, 8], floats: (0..<32).map { Float($0 % 5) - 2 })),
        ], to: data)
      let run = try ScanRun(
        [
          "--model", files.model, "--data", data, "--layers", "embedded", "--layout", "embedded=ntc", "--regions", "tokens",
          "--estimator", "exact",
        ],
        ranks: nil)
      #expect(run.command.exitCode == 0, "\(run.command)")
      #expect(try zeta(run).keys.sorted() == ["token 0", "token 1", "token 2"])
    }

    /// A decoder's tokens are as many as what it looks at, whose mask says nothing of them: told by names, or by what is masked.
    @Test(arguments: ["encoder_", ""])
    func `are all of a decoder's tokens, whatever the mask of its encoder`(_ stem: String) throws {
      let (memory, mask) = (stem.isEmpty ? "memory" : "\(stem)states", "\(stem)attention_mask")
      var network = GraphBuilder(name: "decoder", opset: 17)
      network.input("words", [nil, 4], type: .int64)
      network.input(memory, [nil, 4, 6])
      network.input(mask, [nil, 4])
      for (name, shape) in [("table", [9, 6]), ("query", [6, 6]), ("out", [6, 3])] { _ = network.random(name, shape) }
      network.weight("one", [1], [1] as [Float])
      network.weight("large", [1], [1e4] as [Float])
      network.weight("first", [1], [1] as [Int64])
      network.node("Gather", ["table", "words"], ["embedded"])
      network.node("MatMul", ["embedded", "query"], ["asked"])
      network.node("Relu", [memory], ["recalled"])
      network.node("Transpose", ["recalled"], ["columns"], ["perm": .ints([0, 2, 1])])
      network.node("MatMul", ["asked", "columns"], ["likeness"])
      network.node("Sub", [mask, "one"], ["padded"])
      network.node("Mul", ["padded", "large"], ["far"])
      network.node("Unsqueeze", ["far", "first"], ["row"])
      network.node("Add", ["likeness", "row"], ["masked"])
      network.node("Softmax", ["masked"], ["weights"])
      network.node("MatMul", ["weights", "recalled"], ["seen"])
      network.node("Add", ["embedded", "seen"], ["joined"])
      network.node("Relu", ["joined"], ["answers"])
      network.node("MatMul", ["answers", "out"], ["logits"])
      network.output("logits", [nil, 4, 3])
      let model = folder.file("decoder.onnx", try Model(proto: network.model, label: "decoder").serialized())
      let data = folder.path("translations.npz")
      try writeNPZ(
        [
          ("words", NumericArray(shape: [2, 4], int64: [3, 1, 4, 1, 5, 2, 6, 5])),
          (memory, NumericArray(shape: [2, 4, 6], floats: (0..<48).map { Float($0 * 5 % 11) - 5 })),
          (mask, NumericArray(shape: [2, 4], floats: [1, 1, 1, 0, 1, 1, 0, 0])),
        ], to: data)
      for (layer, count) in [("recalled", 3), ("embedded", 4), ("answers", 4)] {
        let run = try ScanRun(
          [
            "--model", model, "--data", data, "--layers", layer, "--layout", "\(layer)=ntc", "--regions", "tokens",
            "--class-axis", "2",
          ],
          ranks: nil)
        #expect(run.command.exitCode == 0, "\(run.command)")
        #expect(try zeta(run).count == count, "\(layer)")
        let notes = try #require(try run.json("scan.json")["notes"] as? [String])
        #expect(!notes.contains { $0.contains("Scores are means over the positions") }, "\(notes)")
      }
    }

    /// Options for two stimuli of 3 and of 4 words, of five positions.
    private func padded(_ mask: String, isInverted: Bool) throws -> (options: [String], pairs: String) {
      let files = try SmallNetwork.padded(mask, isInverted: isInverted).write(to: folder, stimuli: 2)
      func data(_ name: String, _ kept: [Int64]) throws -> String {
        let path = folder.path(name)
        let words = NumericArray(shape: [2, 5], int64: [3, 1, 4, 0, 0, 5, 3, 2, 7, 0])
        let masks = NumericArray(shape: [2, 5], int64: kept.map { isInverted ? 1 - $0 : $0 })
        try writeNPZ([("words", words), (mask, masks)], to: path)
        return path
      }
      let options = [
        "--model", files.model, "--data", try data("sentences.npz", [1, 1, 1, 0, 0, 1, 1, 1, 1, 0]), "--layers", "mixed",
        "--layout",
        "mixed=ntc", "--class-axis", "2", "--regions", "tokens", "--estimator", "exact",
      ]
      return (options, try data("pairs.npz", [1, 1, 1, 1, 0, 1, 1, 1, 1, 0]))
    }

    @Test func `are all tokens where a mask may mean either, and none of them is left out`() throws {
      for (mask, isInverted, count, words) in [
        ("attention_mask", false, 4, "At token 3, and perhaps at others, some stimuli have padding"),
        ("padding_mask", true, 5, "All positions are taken for tokens, padding among them: whether \"padding_mask\" is 0 or 1"),
      ] {
        let run = try ScanRun(try padded(mask, isInverted: isInverted).options, ranks: nil)
        #expect(run.command.exitCode == 0, "\(run.command)")
        #expect(try zeta(run).count == count)
        #expect(try #require(try run.json("scan.json")["notes"] as? [String]).contains { $0.hasPrefix(words) }, "\(run.command)")
      }
    }

    @Test func `come with a note where padding is read, or put in by lesions`() throws {
      let (options, pairs) = try padded("attention_mask", isInverted: false)
      for (more, words) in [
        (
          ["--position", "3"], "is padding, by \"attention_mask\", in 1 of 2 stimuli; --position \"last-unmasked attention_mask\""
        ),
        (["--lesion", "mean"], "Stimuli are padded, by \"attention_mask\": means"),
        (["--lesion", "restore", "--pairs", pairs], "Of 2 pairs 1 is padded elsewhere"), (["--position", "2"], nil),
        (["--lesion", "restore", "--pairs", folder.path("sentences.npz")], nil),
      ] as [([String], String?)] {
        let run = try ScanRun(options + more, ranks: nil)
        #expect(run.command.exitCode == 0, "\(run.command)")
        let notes = try #require(try run.json("scan.json")["notes"] as? [String])
        let all = ["is padding, by", "Stimuli are padded", "padded elsewhere"]
        #expect(
          words.map { words in notes.contains { $0.contains(words) } } ?? !notes.contains { note in
            all.contains { note.contains($0) }
          }, "\(notes)")
      }
    }

    @Test func `are refused as heads, tokens or patches where the network has none`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 2)
      for (regions, words) in [
        ("heads", "no attention"), ("tokens", "count tokens; its places lie in rows and columns"), ("patches", "count patches"),
      ] {
        let run = try ScanRun(files.options + ["--regions", regions], ranks: nil)
        #expect(run.command.exitCode == 65, "\(run.command)")
        #expect(run.command.complaints.first?.contains(words) == true, "\(run.command)")
      }
    }

    @Test func `aren't taken for tokens where positions are more or fewer, unless a layout says so`() throws {
      var network = GraphBuilder(name: "convolved", opset: 13)
      network.input("words", [nil, 6], type: .int64)
      network.weight("table", [7, 4], (0..<28).map { Float($0 * 5 % 11) / 5 - 1 })
      network.weight("kernel", [3, 4, 3], (0..<36).map { Float($0 * 7 % 13) / 6 - 1 })
      network.node("Gather", ["table", "words"], ["embedded"])
      network.node("Transpose", ["embedded"], ["turned"], ["perm": .ints([0, 2, 1])])
      network.node("Conv", ["turned", "kernel"], ["long"], ["pads": .ints([2, 2])])
      network.node("Relu", ["long"], ["active"])
      network.node("GlobalAveragePool", ["active"], ["mean"])
      network.node("Flatten", ["mean"], ["scores"])
      network.output("scores", [nil, 3])
      let model = folder.file("convolved.onnx", try Model(proto: network.model, label: "convolved").serialized())
      let data = folder.path("words.npz")
      try writeNPZ([("words", NumericArray(shape: [2, 6], int64: [3, 1, 4, 1, 5, 6, 3, 2, 4, 1, 6, 0]))], to: data)
      let options = ["--model", model, "--data", data, "--layers", "active", "--regions", "tokens"]
      let run = try ScanRun(options, ranks: nil)
      #expect(run.command.exitCode == 65, "\(run.command)")
      #expect(
        run.command.complaints.first?.contains("its 8 positions aren't the 6 tokens of \"words\"") == true, "\(run.command)")
      let told = try ScanRun(options + ["--layout", "active=nct", "--estimator", "exact"], ranks: nil)
      #expect(told.command.exitCode == 0, "\(told.command)")
      #expect(try zeta(told).count == 8)
    }

    @Test func `of volumes are said to go through slices one after another`() throws {
      var network = GraphBuilder(name: "volume", opset: 13)
      network.input("scan", [nil, 1, 4, 4, 4])
      network.weight("kernel", [3, 1, 3, 3, 3], (0..<81).map { Float($0 * 7 % 13) / 6 - 1 })
      network.node("Conv", ["scan", "kernel"], ["convolved"], ["pads": .ints([1, 1, 1, 1, 1, 1])])
      network.node("Relu", ["convolved"], ["active"])
      network.node("GlobalAveragePool", ["active"], ["mean"])
      network.node("Flatten", ["mean"], ["scores"])
      network.output("scores", [nil, 3])
      let model = folder.file("volume.onnx", try Model(proto: network.model, label: "volume").serialized())
      let data = folder.path("volumes.npz")
      try writeNPZ([("scan", NumericArray(shape: [3, 1, 4, 4, 4], floats: (0..<192).map { Float($0 * 5 % 11) }))], to: data)
      for (options, isSaid) in [(["--grid", "4x2x1"], true), (["--grid", "1x1x3"], false)] {
        let run = try ScanRun(["--model", model, "--data", data, "--layers", "active"] + options, ranks: nil)
        #expect(run.command.exitCode == 0, "\(run.command)")
        #expect(run.command.errors.contains("slices one after another") == isSaid, "\(run.command)")
      }
    }

    @Test func `are no patches where the stimuli are no pictures, though the positions may form a square`() throws {
      let data = folder.path("sentences.npz")
      let files = try SmallNetwork.tokens.write(to: folder, stimuli: 2)
      try writeNPZ(SmallNetwork.tokens.arrays(2), to: data)
      let run = try ScanRun(
        ["--model", files.model, "--data", data, "--layers", "mixed", "--layout", "mixed=ntc", "--regions", "patches"], ranks: nil
      )
      #expect(run.command.exitCode == 65, "\(run.command)")
      #expect(run.command.complaints.first?.contains("no grid of patches of a picture") == true, "\(run.command)")
    }

    /// Four queries of a table look at four patches; what is made of them is as long, and of no place.
    @Test func `are no patches where the positions are queries that were learnt`() throws {
      var network = GraphBuilder(name: "queries", opset: 17)
      network.input("picture", [nil, 3, 4, 4])
      for (name, shape) in [("kernel", [5, 3, 2, 2]), ("table", [1, 4, 5]), ("out", [20, 3])] { _ = network.random(name, shape) }
      network.weight("flat", [3], [0, 5, -1] as [Int64])
      network.node("Conv", ["picture", "kernel"], ["cut"], ["strides": .ints([2, 2])])
      network.node("Reshape", ["cut", "flat"], ["rows"])
      network.node("Transpose", ["rows"], ["tokens"], ["perm": .ints([0, 2, 1])])
      network.node("Relu", ["tokens"], ["patches"])
      network.node("MatMul", ["table", "rows"], ["likeness"])
      network.node("Softmax", ["likeness"], ["weights"])
      network.node("MatMul", ["weights", "patches"], ["seen"])
      network.node("Add", ["table", "seen"], ["asked"])
      network.node("Relu", ["asked"], ["answers"])
      network.node("Flatten", ["answers"], ["all"])
      network.node("MatMul", ["all", "out"], ["scores"])
      network.output("scores", [nil, 3])
      let model = folder.file("queries.onnx", try Model(proto: network.model, label: "queries").serialized())
      let data = folder.path("pictures.npz")
      try writeNPZ([("picture", NumericArray(shape: [3, 3, 4, 4], floats: (0..<144).map { Float($0 * 5 % 11) }))], to: data)
      for (layer, code) in [("patches", 0), ("answers", 65)] {
        let run = try ScanRun(
          ["--model", model, "--data", data, "--layers", layer, "--layout", "\(layer)=ntc", "--regions", "patches"], ranks: nil)
        #expect(run.command.exitCode == code, "\(run.command)")
        #expect(code == 0 || run.command.complaints.first?.contains("no grid of patches of a picture") == true, "\(run.command)")
      }
    }

    /// What is wrong, the exit code, and words of the sentence.
    @Test(arguments: [
      ("of no kind", ["--regions", "nonsense"], 64, "none of channels"),
      ("with a grid too", ["--regions", "channels", "--grid", "2x2x2"], 64, "exclude each other"),
      ("in a file that isn't there", ["--regions", "absent.npy"], 66, "absent.npy"),
      ("of another shape", ["--regions", "FOLDER/misfit.npy"], 65, "fit neither all of it nor its places or channels"),
      ("of fractions", ["--regions", "FOLDER/fractions.npy"], 65, "aren't whole"),
      ("that are one", ["--regions", "FOLDER/single.npy"], 65, "a single region"),
      ("with a number left out", ["--regions", "FOLDER/gap.npy"], 65, "region 1"),
      ("for a tensor that isn't there", ["--regions", "FOLDER/stranger.npz"], 64, "stranger"),
      ("with too few names", ["--regions", "channels", "--region-names", "FOLDER/names.txt"], 65, "2 names"),
      ("with a name twice", ["--regions", "channels", "--region-names", "FOLDER/twice.txt"], 65, "lines 1 and 2 are the same"),
    ])
    func `are refused`(what: String, options: [String], code: Int, words: String) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 2)
      _ = write(NumericArray(shape: [5], int32: [0, 1, 2, 3, 4]), "misfit.npy")
      _ = write(NumericArray(shape: [4], floats: [0, 0.5, 1, 2]), "fractions.npy")
      _ = write(NumericArray(shape: [4], int32: [0, 0, -1, 0]), "single.npy")
      _ = write(NumericArray(shape: [4], int32: [0, 2, 2, 0]), "gap.npy")
      try writeNPZ([("stranger", NumericArray(shape: [4], int32: [0, 1, 2, 3]))], to: folder.path("stranger.npz"))
      _ = folder.file("names.txt", text: "a\nb\n")
      _ = folder.file("twice.txt", text: "a\na\n")
      let run = try ScanRun(
        files.options + ["--layers", "block"].prefix(what.hasPrefix("for a tensor") ? 0 : 2)
          + options.map { $0.replacingOccurrences(of: "FOLDER", with: folder.path("")) }, ranks: nil)
      #expect(run.command.exitCode == code, "\(run.command)")
      #expect(run.command.complaints.count == 1, "\(run.command)")
      #expect(run.command.complaints.first?.contains(words) == true, "\(run.command)")
    }
  }
}
