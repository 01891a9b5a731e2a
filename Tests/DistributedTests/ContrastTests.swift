import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// Groups of a scan's stimuli against each other.
  @Suite struct `A contrast` {
    private let folder = TemporaryFolder()
    private var output: String { folder.path("out") }

    private func scan(
      labels: [Int]?, value: String = "margin", target: String = "predicted", out: String? = nil, seed: Int = 42,
      options: [String] = []
    ) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: labels?.count ?? 6, labels: labels)
      let run = try Program.run(
        files.options + [
          "--grid", "2x2x2", "--samples", "8", "--value", value, "--target", target, "--seed", "\(seed)", "--progress", "none",
          "--out",
          out ?? output,
        ] + options, ranks: 2)
      try #require(run.exitCode == 0, "\(run)")
    }

    private func contrast(_ options: [String]) throws -> Command { try Program.run(["contrast", output] + options) }

    private func json(_ name: String) throws -> [String: [String: any Sendable]] {
      let data = Data(TemporaryFolder.read(output + "/" + name))
      return try #require(JSONSerialization.jsonObject(with: data) as? [String: [String: any Sendable]])
    }

    @Test func `of two labels has the difference of their means, opposite when they change places`() throws {
      try scan(labels: [0, 1, 0, 1, 0, 1, 0, 1])
      let run = try contrast(["--groups", "labels"])
      #expect(run.exitCode == 0 && run.output.contains("class 0 (4 stimuli) minus class 1 (4)"), "\(run)")
      let forward = try effects("0 - 1")
      #expect(try contrast(["--only", "1,0"]).exitCode == 0)
      let backward = try effects("1 - 0")
      #expect(!forward.isEmpty && forward.keys.sorted() == backward.keys.sorted())
      for (region, effect) in forward { #expect(abs(effect + (backward[region] ?? .nan)) < 1e-12) }
      let rows = String(decoding: TemporaryFolder.read(output + "/contrast.tsv"), as: UTF8.self).split(separator: "\n")
      #expect(rows.count == 1 + forward.count)
      // The same again, from the same measurements.
      let bytes = TemporaryFolder.read(output + "/contrast.json")
      #expect(try contrast(["--only", "1,0"]).exitCode == 0)
      #expect(TemporaryFolder.read(output + "/contrast.json") == bytes)
    }

    /// Effects by layer, quantity and region.
    private func effects(_ name: String) throws -> [String: Double] {
      let layers = try #require(json("contrast.json")[name]?["layers"] as? [String: [String: any Sendable]])
      var effects: [String: Double] = [:]
      for (layer, content) in layers {
        for quantity in ["zeta", "density"] {
          let result = try #require(content[quantity] as? [String: any Sendable])
          let grids = try #require(result["grids"] as? [String: [String: any Sendable]])
          for (region, test) in grids {
            effects["\(layer) \(quantity) \(region)"] = try #require(test["effect"] as? Double)
            let familyWise = try #require(test["family_wise_p_value"] as? Double)
            #expect((0...1).contains(familyWise) && familyWise >= 1.0 / 70 - 1e-12)
          }
        }
      }
      return effects
    }

    @Test func `of a group that is too small is refused with the number needed`() throws {
      try scan(labels: [0, 0, 0, 1, 1, 1])
      let groups = folder.file("groups.txt", text: "a\nb\n-\na\nb\na\n")
      let refused = try contrast(["--groups", groups])
      #expect(refused.exitCode == 65 && refused.errors.contains("3 and 2 stimuli, and each needs at least 3"), "\(refused)")
    }

    @Test func `of more than two groups compares each with all others`() throws {
      try scan(labels: [0, 1, 2, 0, 1, 2, 0, 1, 2])
      let run = try contrast([])
      #expect(run.exitCode == 0, "\(run)")
      #expect(try json("contrast.json").keys.sorted() == ["0 - others", "1 - others", "2 - others"])
    }

    @Test func `keeps classes of one name apart, and names that are numbers from numbers of classes`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 9, labels: [0, 1, 2, 0, 1, 2, 0, 1, 2])
      for (names, groups, only) in [
        (["crane", "gull", "crane", "crow", "owl"], ["crane (0)", "gull", "crane (2)"], "2,gull"),
        (["2", "0", "1", "3", "4"], ["2", "0", "1"], "1,2"),
      ] {
        let list = folder.file("names.txt", text: names.joined(separator: "\n") + "\n")
        let run = try Program.run(
          files.options + [
            "--class-names", list, "--grid", "2x2x2", "--samples", "8", "--value", "margin", "--no-tracts", "--progress", "none",
            "--out",
            output,
          ])
        try #require(run.exitCode == 0, "\(run)")
        let all = try contrast([])
        #expect(groups.allSatisfy { all.output.contains("\($0) (3 stimuli) minus others (6)") }, "\(all)")
        let two = try contrast(["--only", only])
        let first = names == ["2", "0", "1", "3", "4"] ? "1" : "crane (2)"
        #expect(
          two.exitCode == 0 && two.output.contains("\(first) (3 stimuli) minus \(only.split(separator: ",")[1]) (3)"), "\(two)")
        let same = try contrast(["--only", "\(groups[1]),\(groups[1])"])
        #expect(same.exitCode == 64 && same.errors.contains("names one group twice"), "\(same)")
      }
    }

    @Test func `leaves out classes of too few stimuli and stimuli without a label, and says so`() throws {
      try scan(labels: [0, 1, 0, 1, 0, 1, 2, -1, -1, 2])
      let run = try contrast(["--groups", "labels"])
      #expect(run.exitCode == 0 && run.output.contains("class 0 (3 stimuli) minus class 1 (3)"), "\(run)")
      let notes = try #require(try json("contrast.json")["0 - 1"]?["notes"] as? [String])
      #expect(
        notes == [
          "2 stimuli without a label (-1) are left out.", "Left out, since a group needs at least 3 stimuli: class 2 (2).",
        ])
      let refused = try contrast(["--only", "0,2"])
      #expect(refused.exitCode == 65 && refused.errors.contains("3 and 2 stimuli"), "\(refused)")
      let few = try contrast(["--groups", folder.file("groups.txt", text: "a\na\na\na\na\nb\nb\nc\nc\n-\n")])
      #expect(few.exitCode == 65 && few.errors.contains("b (2), c (2) have fewer"), "\(few)")
      // Neither right nor wrong.
      let correct = try contrast(["--groups", "correct"])
      #expect(correct.exitCode == 65 && correct.errors.contains("have 6 and 2 stimuli"), "\(correct)")
    }

    @Test func `of different classes' logits is of densities alone, and says what helps`() throws {
      try scan(labels: [0, 1, 0, 1, 0, 1], value: "logit", target: "label")
      let run = try contrast(["--groups", "labels"])
      #expect(run.exitCode == 0 && run.output.contains("--value margin"), "\(run)")
      let layers = try #require(json("contrast.json")["0 - 1"]?["layers"] as? [String: [String: any Sendable]])
      for (_, layer) in layers {
        #expect(layer["zeta"] is NSNull && layer["density"] is [String: any Sendable])
      }
      // Of the logit of what was predicted, labels are as any other groups: the same as from a file.
      try scan(labels: [0, 1, 0, 1, 0, 1], value: "logit")
      let labels = try contrast(["--groups", "labels", "--only", "0,1"])
      let named = try contrast(["--groups", folder.file("groups.txt", text: "0\n1\n0\n1\n0\n1\n")])
      #expect(labels.exitCode == 0 && named.output.contains("ζ:"), "\(named)")
      func told(_ run: Command) -> [Substring] { run.output.split(separator: "\n").filter { !$0.contains("stimuli) minus") } }
      #expect(told(labels).map { $0.replacing("class ", with: "") } == told(named).map { $0.replacing("class ", with: "") })
      // Groups of one's own, of other shares: 1 of 3 is of class 0, and 2 of 3.
      try scan(labels: [0, 1, 1, 0, 0, 1], value: "logit", target: "label")
      let mixed = try contrast(["--groups", folder.file("mixed.txt", text: "a\na\na\nb\nb\nb\n")])
      #expect(mixed.exitCode == 0 && mixed.output.contains("33 % of the stimuli would have to be"), "\(mixed)")
      let compared = try #require(json("contrast.json")["a - b"]?["layers"] as? [String: [String: any Sendable]])
      #expect(compared.values.allSatisfy { $0["zeta"] is [String: any Sendable] })
    }

    @Test func `of two scans of the same stimuli is of pairs, and of a scan with itself nothing`() throws {
      try scan(labels: [0, 1, 0, 1, 0, 1])
      let other = folder.path("other")
      try scan(labels: [0, 1, 0, 1, 0, 1], out: other, seed: 7)
      let run = try contrast([other])
      #expect(run.exitCode == 0 && run.output.contains("6 pairs"), "\(run)")
      let contrast = try #require(try json("contrast.json").values.first)
      #expect(contrast["paired"] as? Bool == true)
      for (_, layer) in try #require(contrast["layers"] as? [String: [String: any Sendable]]) {
        #expect(try #require(layer["map_correlation"] as? Double) > 0.5)
        let density = try #require((layer["density"] as? [String: any Sendable])?["grids"] as? [String: [String: any Sendable]])
        #expect(density.values.allSatisfy { $0["effect"] as? Double == 0 && $0["p_value"] as? Double == 1 })
      }
      let html = String(decoding: TemporaryFolder.read(output + "/contrast.html"), as: UTF8.self)
      #expect(html.contains("6 pairs") && html.contains("nothing differs"))
    }

    @Test func `of a scan by gradients and one by values of a network with itself finds nothing, and says so`() throws {
      let labels = (0..<24).map { $0 % 2 }
      let other = folder.path("other")
      try scan(labels: labels, options: ["--estimator", "gradient"])
      try scan(labels: labels, out: other, options: ["--estimator", "regression"])
      let run = try contrast([other])
      #expect(run.exitCode == 0 && run.output.contains("by gradients in one scan and by values in the other"), "\(run)")
      let contrast = try #require(try json("contrast.json").values.first)
      #expect(contrast["paired"] as? Bool == true)
      for (_, layer) in try #require(contrast["layers"] as? [String: [String: any Sendable]]) {
        let zeta = try #require((layer["zeta"] as? [String: any Sendable])?["grids"] as? [String: [String: any Sendable]])
        #expect(zeta.values.allSatisfy { ($0["q_value"] as? Double ?? 0) > 0.05 })
      }
    }

    @Test func `of two lesions says what the errors hold for`() throws {
      let labels = [0, 1, 0, 1, 0, 1]
      try scan(labels: labels)
      func expect(_ lesion: [String], _ words: [String]) throws {
        let other = folder.path("other\(lesion.count)\(lesion.last ?? "")")
        try scan(labels: labels, out: other, options: lesion)
        let run = try contrast([other])
        #expect(run.exitCode == 0, "\(run)")
        let notes = try #require(try json("contrast.json").values.first?["notes"] as? [String])
        #expect(notes.count == (words.isEmpty ? 0 : 1) && words.allSatisfy { notes[0].contains($0) }, "\(notes)")
      }
      try expect([], [])
      try expect(["--lesion", "mean"], ["means over the stimuli in", "hold for these replacements only"])
      try expect(["--lesion", "resample"], ["another stimulus's activations", "hold for these replacements only"])
      let mean = folder.path("mean")
      try scan(labels: labels, out: mean, options: ["--lesion", "mean"])
      let both = try Program.run(["contrast", mean, folder.path("other2mean")])
      #expect(both.exitCode == 0 && both.output.contains("hold for these replacements only"), "\(both)")
    }

    @Test func `of two files says why stimuli aren't paired`() throws {
      try scan(labels: [0, 1, 0, 1, 0, 1])
      let other = folder.path("other")
      try scan(labels: [0, 1, 0, 1, 0, 1, 0, 1], out: other)
      let run = try contrast([other])
      #expect(run.exitCode == 0 && run.output.contains("scan both from one file"), "\(run)")
    }

    @Test func `of two scans of different classes' logits is of densities alone, and says what helps`() throws {
      try scan(labels: [0, 1, 2, 3, 4, 0], value: "logit", target: "1")
      let other = folder.path("other")
      try scan(labels: [0, 1, 2, 3, 4, 0], value: "logit", target: "3", out: other)
      let run = try contrast([other])
      #expect(run.exitCode == 0 && run.output.contains("the same --target"), "\(run)")
      let contrast = try #require(try json("contrast.json").values.first)
      for (_, layer) in try #require(contrast["layers"] as? [String: [String: any Sendable]]) {
        #expect(layer["zeta"] is NSNull && layer["density"] is [String: any Sendable])
      }
    }

    @Test
    func `of two scans of other stimuli and other classes' logits is of densities alone, or says how far classes are apart`()
      throws
    {
      for (mine, others, words, isCompared) in [
        ("0", "1", "have no target class in common", false),
        ("0", "0", "", true),
        ("0", "label", "50 % of the stimuli would have to be of another target class", true),
      ] {
        try scan(labels: [0, 1, 0, 1, 0, 1], value: "logit", target: mine)
        // Another file, of which no stimulus is taken for one of the first.
        try scan(labels: [0, 1, 0, 1, 0, 1, 0, 1], value: "logit", target: others, out: folder.path("other"))
        let run = try contrast([folder.path("other")])
        #expect(run.exitCode == 0, "\(run)")
        #expect(run.output.contains("no common zero") == !words.isEmpty, "\(run)")
        #expect(words.isEmpty || run.output.contains(words), "\(run)")
        let layers = try #require(json("contrast.json").values.first?["layers"] as? [String: [String: any Sendable]])
        #expect(layers.values.allSatisfy { ($0["zeta"] is [String: any Sendable]) == isCompared && $0["density"] != nil })
      }
    }

    @Test func `of two scans that measured different values is refused`() throws {
      try scan(labels: [0, 1, 0, 1])
      let other = folder.path("other")
      try scan(labels: [0, 1, 0, 1], value: "prob", out: other)
      let run = try contrast([other])
      #expect(run.exitCode == 65 && run.errors.contains("no common unit"), "\(run)")
      #expect(try contrast([other, "--groups", "labels"]).exitCode == 64)
    }

    @Test func `is refused where there are no such groups`() throws {
      try scan(labels: nil)
      for (options, code, word) in [
        (["--groups", "labels"], 65, "no labels"), (["--groups", "correct"], 65, "no labels"),
        (["--groups", folder.path("absent.txt")], 66, "absent.txt"),
        (["--groups", folder.file("short.txt", text: "a\nb\n")], 65, "2 lines"),
        (["--groups", folder.file("one.txt", text: "a\na\na\na\na\na\n")], 65, "needs two"),
        (["--groups", folder.file("two.txt", text: "a\nb\na\nb\na\nb\n"), "--only", "a,c"], 64, "no group c"),
        (["--only", "a"], 64, "--only a"),
      ] as [([String], Int, String)] {
        let run = try contrast(options)
        #expect(run.exitCode == code && run.errors.contains(word), "\(run)")
      }
    }
  }
}
