import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// `report.html` as a browser shows it, on a desktop and on a phone.
  @Suite(.enabled(if: Browser.path != nil, "needs Chromium, which Scripts/test installs"))
  struct `The page of a scan` {
    private let folder = TemporaryFolder()

    /// What the browser found of a page at one width.
    private struct Findings: Decodable {
      var width: Int
      var scrollWidth: Int
      var overflowing: [String]
      var maps: Int
      var emptyFigures: [String]
      var unnamedFigures: Int
      var brokenImages: Int
      var brokenAnchors: [String]
      var links: [String]
      var tips: [String]
      var tableRows: [Int]
    }

    private func findings(_ output: String) throws -> [Findings] {
      let page = folder.file("page.html", text: Self.probe(URL(filePath: output + "/report.html").absoluteString))
      let run = try Browser.open(page, profile: folder.path("profile"))
      #expect(!run.errors.contains(":CONSOLE"), "\(run.errors)")
      let text = try #require(run.output.firstMatch(of: #/<pre id="findings">(.*?)</pre>/#.dotMatchesNewlines())?.1, "\(run)")
      let plain = text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
      return try JSONDecoder().decode([Findings].self, from: Data(plain.utf8))
    }

    private func expectSound(_ findings: [Findings], layers: Int, regions: Int, in output: String) {
      #expect(findings.map(\.width) == [390, 1280])
      for found in findings {
        #expect(found.scrollWidth <= found.width && found.overflowing == [], "at \(found.width): \(found.overflowing)")
        #expect(found.maps == 4 * layers && found.emptyFigures == [] && found.unnamedFigures == 0)
        #expect(found.brokenImages == 0 && found.brokenAnchors == [])
        #expect(
          found.tips.count == found.maps && found.tips.allSatisfy { $0.hasPrefix("grid_") && $0.contains("ζ") }, "\(found.tips)")
        #expect(found.tableRows == Array(repeating: regions, count: layers))
        for link in found.links {
          #expect(FileManager.default.fileExists(atPath: output + "/" + link), "\(link) is linked to and isn't there")
        }
      }
      let size = TemporaryFolder.read(output + "/report.html").count
      #expect(size < 5 << 20)
    }

    @Test func `shows a phantom's images, maps and truth`() throws {
      let output = folder.path("out")
      let run = try Program.run(
        ["--samples", "4", "--stimuli", "3", "--layers", "block1,block3", "--progress", "none", "--out", output], ranks: 2)
      try #require(run.exitCode == 0, "\(run)")
      let html = String(decoding: TemporaryFolder.read(output + "/report.html"), as: UTF8.self)
      #expect(html.contains("Planted cells found") && html.contains("data:image/png"))
      #expect(!html.contains("http:") && !html.contains("https:"), "the page needs the network")
      expectSound(try findings(output), layers: 2, regions: 256, in: output)
    }

    @Test func `shows what was found of an analytic phantom against the exact values`() throws {
      let phantom = folder.path("phantom")
      try #require(try Program.run(["phantom", "dense", "--count", "3", "--out", phantom]).exitCode == 0)
      let output = folder.path("out")
      let run = try Program.run(
        [
          "--model", phantom + "/model.onnx", "--data", phantom + "/stimuli.npz", "--layers", "scanned", "--samples", "4",
          "--progress", "none", "--out", output,
        ], ranks: 2)
      try #require(run.exitCode == 0, "\(run)")
      let html = String(decoding: TemporaryFolder.read(output + "/report.html"), as: UTF8.self)
      #expect(html.contains("Found against exact"))
      expectSound(try findings(output), layers: 1, regions: 256, in: output)
    }

    @Test func `shows a sequence's positions and one stimulus`() throws {
      let files = try SmallNetwork.sequence.write(to: folder, stimuli: 1)
      let output = folder.path("out")
      let run = try Program.run(
        files.options + ["--grid", "3x1x2", "--position", "1", "--progress", "none", "--out", output], ranks: 1)
      try #require(run.exitCode == 0, "\(run)")
      let summary = try JSONSerialization.jsonObject(with: Data(TemporaryFolder.read(output + "/scan.json"))) as? [String: Any]
      let layers = try #require(summary?["layers"] as? [Any])
      expectSound(try findings(output), layers: layers.count, regions: 6, in: output)
    }

    /// A page that shows another in frames of two widths and says what it finds there.
    private static func probe(_ page: String) -> String {
      """
      <!DOCTYPE html><meta charset="utf-8"><title>probe</title>
      <iframe width="390" height="844" style="border: 0" src="\(page)"></iframe>
      <iframe width="1280" height="900" style="border: 0" src="\(page)"></iframe>
      <script>
      const isShown = (element) => element.getClientRects().length > 0;
      async function look(frame) {
        const page = frame.contentDocument, window = frame.contentWindow;
        const width = page.documentElement.clientWidth;
        const name = (element) => `${element.tagName} ${element.getAttribute("class") ?? ""} ${element.textContent.slice(0, 30)}`;
        const overflowing = [...page.body.querySelectorAll("*")].filter((element) =>
          !element.closest(".scroll, .definitions") && isShown(element) && !(element.ownerSVGElement)
          && element.getBoundingClientRect().right > width + 1).map(name);
        const figures = [...page.querySelectorAll("svg[role=img]")].filter(isShown);
        const maps = [...page.querySelectorAll("svg.map")];
        const tips = [];
        for (const map of maps) {
          map.scrollIntoView({ behavior: "instant", block: "center" });
          const box = map.getBoundingClientRect();
          const event = { bubbles: true, clientX: box.left + box.width / 2 - 8, clientY: box.top + 4 };
          map.dispatchEvent(new window.MouseEvent("click", event));
          tips.push(page.getElementById("tip").hidden ? "" : page.getElementById("tip").textContent);
        }
        const images = await Promise.all([...page.querySelectorAll("image")].map((image) => new Promise((done) => {
          const copy = new window.Image();
          copy.onload = () => done(copy.naturalWidth > 0);
          copy.onerror = () => done(false);
          copy.src = image.getAttribute("href");
        })));
        const tables = [...page.querySelectorAll("details[data-table]")];
        for (const table of tables) table.open = true;
        await new Promise((done) => setTimeout(done, 200));
        const links = [...page.querySelectorAll("a[href]")].map((link) => link.getAttribute("href"));
        return {
          width, overflowing, scrollWidth: page.documentElement.scrollWidth, maps: maps.length,
          emptyFigures: figures.filter((figure) => {
            const { width, height } = figure.getBoundingClientRect();
            return width < 20 || height < 5 || !figure.querySelector("path, use");
          }).map(name),
          unnamedFigures: figures.filter((figure) => !figure.getAttribute("aria-label")).length,
          brokenImages: images.filter((isWhole) => !isWhole).length,
          brokenAnchors: links.filter((link) => link.startsWith("#") && !page.getElementById(link.slice(1))),
          links: [...new Set(links.filter((link) => !link.startsWith("#")))], tips,
          tableRows: tables.map((table) => table.querySelectorAll("tbody tr").length),
        };
      }
      addEventListener("load", async () => {
        const findings = [];
        for (const frame of document.querySelectorAll("iframe")) findings.push(await look(frame));
        const result = Object.assign(document.createElement("pre"), { id: "findings", textContent: JSON.stringify(findings) });
        document.body.append(result);
      });
      </script>
      """
    }
  }
}

/// Debian's headless browser.
private enum Browser {
  static let path: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return folders.map { $0 + "/chromium" }.first(where: FileManager.default.isExecutableFile)
  }()

  /// Loads a page, lets its scripts end, and prints what became of it; the console goes to standard error.
  static func open(_ page: String, profile: String) throws -> Command {
    try Command.run(
      path!,
      [
        // As root, as in containers, Chromium has no sandbox.
        "--headless=new", "--hide-scrollbars", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--enable-logging=stderr",
        "--allow-file-access-from-files", "--user-data-dir=" + profile, "--window-size=1400,1200",
        "--virtual-time-budget=20000", "--dump-dom", "file://" + page,
      ], limit: 60)
  }
}
