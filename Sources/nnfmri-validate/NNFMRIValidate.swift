import ArgumentParser

/// Measures the promises of the statistics on games whose ζ are known, and prints Docs/validation.md.
@main
struct NNFMRIValidate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nnfmri-validate",
    abstract: "Measure estimators, intervals and detection on games with known ζ, as a Markdown page.")

  /// A section of the page.
  private enum Section: String, CaseIterable, ExpressibleByArgument {
    case intervals, ends, savings, pairs, discoveries, detection, streams
  }

  @Argument(help: "The sections to print; by default the whole page.")
  private var sections: [Section] = Section.allCases

  @Option(help: "The folder of scanned movies that Scripts/validate makes; without it the section streams is left out.")
  var movies: String?

  @Option(
    help: "The folder of a network's two scans that Scripts/validate makes; without it the section savings is of games only.")
  var network: String?

  @Option(help: "Streams in that folder without a truth, separated by commas.")
  var others = "shuffled,noise"

  func run() throws {
    if sections == Section.allCases {
      print(
        """
        # Validation

        What estimators, intervals and detection keep of their promises, on games whose ζ are known exactly. Written by
        `Scripts/validate`, the last section by `Scripts/benchmark-estimators`; seeds are part of the program, so the numbers
        repeat wherever it runs. Values are rounded to single precision, as measured ones are. How the games are made stands
        in `Sources/nnfmri-validate`.
        """)
    }
    for section in sections where section != .streams || movies != nil {
      print("\n" + (try text(section)))
    }
  }

  private func text(_ section: Section) throws -> String {
    switch section {
    case .streams:
      """
      ## Streams

      What a scan finds of a movie phantom (80 segments of 256 frames at 256 Hz, seed 42, the first half reference), with
      windows of one segment, 4 scanned stimuli each, grid 4x4x2, K = 8, target label. *Frequency*: windows with flicker whose
      dominant frequency is at most a bin of 2 Hz from the planted one. *Band*: whose dominant band is the planted one.
      *State*: windows behind the reference that are called active (fast flicker), processing (slow), idle or anomalous
      (corrupted) as planted. *AUC*: how often a corrupted window's score is above a normal one's, behind the reference.
      The bars, over all layers: every frequency within a bin, bands above 0.95, AUC above 0.95, states above 0.9.
      *Consistency*: also of the same frames in random order, of noise instead of images and, where they are to hand, of
      1,000 CIFAR-10 images in the order of their file, through a ResNet-20, with windows of 64 every 32: streams without
      rhythm, in which nothing but chance should be found. Targets: 0.7 for ρ_γζ, 0.8 for the consistency.

      \(try MovieReport(folder: movies ?? "", others: others.split(separator: ",").map(String.init)).report())
      """
    case .intervals:
      """
      ## Intervals

      The share of 95 % first-level intervals that hold the true ζ (at least 4,000 intervals a cell; the bar is 0.93 to
      0.97 from K = 16 on), and the mean of Σ(ζ̂ − ζ)²/Σζ². Seeds 0, 1, 2, ... of the designs. Games: *rectifiers*, a random
      network with one hidden layer, ζ from all coalitions; *products*, random products of regions and a term in the number
      of intact regions, ζ in closed form; *phantom*, one stimulus of an analytic phantom, where most regions are null.
      A dash: the budget would enumerate the game, or is below the estimator's least. Null regions aren't counted under naive
      and permutation, since all their draws are alike and their intervals can only hold the truth. *exact*: the error is that of
      rounding the values, of which intervals say nothing; those cells aren't counted.

      \(try IntervalCoverage().report())
      """
    case .ends:
      """
      ## Intervals of layers that ended early

      The regression at K = 64 with 400 repeats a row and interim analyses at 4, 16 and 64 evaluations a region. Widths are chosen
      so that about half of the runs are narrow enough at the first, or at the second analysis. *Held*: the share of intervals,
      corrected for the analyses, that hold the true ζ where the rule ended the layer. *Without correction*: the same share of the
      uncorrected intervals. *At the worst analysis*: the share of regions whose corrected intervals held at every analysis up to
      the end, which is what the correction promises for 95 % of them, under any rule. The layer of 8 stimuli draws new stimuli in
      each repeat, and its intervals are about the mean over all stimuli. *Evaluations saved*: the share of all rows of the designs
      that were not measured.

      \(try StoppedIntervals().report())
      """
    case .savings:
      """
      ## Evaluations saved

      Which regions are called critical, compared with the calls that exact ζ of the same stimuli give. Every layer and stimulus gets
      K evaluations a region (even spending, without interim analyses, each K with a design of its own), or K = 64 under a rule that
      may end a layer earlier. The estimator is the regression. *Evaluations spent*: the share of those of K = 64. *Wrong calls*:
      critical regions that were not found, and others that were called critical. *Even spending needs*: the share of evaluations
      with which even spending first has as few wrong calls, interpolated between the K above. That is hindsight, since who spends
      evenly has to know K. Layers have 32 regions, whose ζ scatter about the bound: *unequal layers* are 60 networks of four, in
      which interactions have 0.03, 0.1, 0.3 and 1 of the weight of single regions; *unequal stimuli* are 60 layers, in which they
      have that weight under every fourth stimulus; *phantoms* are sequences of order 2 and 3, 40 each, whose critical regions stand
      clear of the bound. *Glyphs* are all layers of the built-in trained network with a grid of 4x4x4; the calls of another scan
      with K = 256 stand for the truth, and fewer samples are the first rows of the design.

      \(try EvaluationsSaved(recorded: network).report())
      """
    case .pairs:
      """
      ## Interactions

      The share of 95 % first-level intervals that hold the true interaction of a pair, among the six regions with the
      largest ζ, and the mean of Σ(Î − I)²/ΣI². The regression, 200 designs a cell (50 for 256 regions, seeds from 0 on).
      A dash: the budget would enumerate the game.

      \(try PairCoverage().report())
      """
    case .discoveries:
      """
      ## False discoveries

      200 layers of 100 regions, 80 of them null, q < 0.05; seeds 0 to 199. With one series the errors are the design's,
      and nulls have a ζ of exactly 0; with more, they come from the spread across series, and nulls are 0 on average
      only. The expected share of false discoveries is at most 0.05·80/100 = 0.04 if p-values are exact.

      \(try FalseDiscoveries().report())
      """
    case .detection:
      """
      ## Detection on the analytic phantom

      K = 16, 40 phantoms a row (seeds 0 to 39), means over phantoms. *Found*: the share of the truly critical regions that
      are called critical. *Critical, falsely*: the share of those called critical that aren't. *Significant, falsely*: the
      share of the significant regions whose ζ is 0 under every stimulus. The bars, for 8 stimuli and more: above 0.9
      found, at most 0.05 falsely critical. Order 1 is affine and exact.

      \(try PhantomDetection().report())
      """
    }
  }
}
