# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a run: made from its record, opened in a browser where there is one."""
import base64
import html.parser
import json
import re
import shutil
import subprocess
import unittest

import numpy as np

from skymill_runs import RunTest

BROWSER = shutil.which("chromium")
SIZE = {"size": 64, "niter": 20}

# Runs after the page's own script; what it finds goes where --dump-dom shows it.
PROBE = """<script>
const blank = [...document.querySelectorAll("canvas")].filter((canvas) => {
  const { width, height } = canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const inked = new Set();
  for (let i = 0; i < pixels.length; i += 4) {
    if (pixels[i + 3] > 200) inked.add(pixels[i] << 16 | pixels[i + 1] << 8 | pixels[i + 2]);
  }
  return inked.size < 3;
});
document.body.append(Object.assign(document.createElement("pre"), { id: "probe",
  textContent: JSON.stringify({
    canvases: document.querySelectorAll("canvas").length, blank: blank.length,
    loaded: performance.getEntriesByType("resource").map((entry) => entry.name)
      .filter((name) => !name.startsWith("data:")),
    pictures: [...document.images].map((image) => [image.naturalWidth, image.naturalHeight]),
    titles: [...document.querySelectorAll("h2, h3")].map((title) => title.textContent),
    wide: document.documentElement.scrollWidth > window.innerWidth,
  }) }));
</script></body>"""


class Links(html.parser.HTMLParser):
    """Everything that a page names to be loaded."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in ("src", "href", "srcset")]


class PageTest(RunTest):
    def run_cube(self):
        ms, _ = self.simulate()
        self.cube(ms, "cube", **SIZE)
        return self.folder / "cube.html"

    @staticmethod
    def record_of(text):
        return json.loads(re.search(r'id="record">(.*?)</script>', text, re.S)[1])

    def browse(self, page, *options):
        """The DOM of the page after its scripts, and what the browser's console said."""
        done = subprocess.run(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--disable-background-networking", "--disable-component-update",
             "--window-size=1280,2000", f"--user-data-dir={self.folder / 'browser'}",
             "--enable-logging=stderr", f"--log-net-log={self.folder / 'net.json'}",
             "--virtual-time-budget=10000", *options, "--dump-dom", page.as_uri()],
            capture_output=True, text=True, timeout=300, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    def asked_for(self):
        """What the page opened last asked the network for; not what the browser did by itself,
        whose requests have an initiator that is no origin."""
        net = (self.folder / "net.json").read_text()
        return re.findall(r'"initiator":"(?!not an origin").*?"url":"(https?://[^"]*)', net)

    def probe(self, page, *options):
        text = page.read_text()
        probed = page.with_name("probed.html")
        probed.write_text(PROBE.join(text.rsplit("</body>", 1)))
        dom, said = self.browse(probed, *options)
        self.assertEqual(said, [])
        found = re.search(r'<pre id="probe">(.*?)</pre>', dom, re.S)
        self.assertTrue(found, dom[-2000:])
        return json.loads(html.unescape(found[1]))

    def test_a_cube_leaves_a_page_that_loads_nothing(self):
        text = self.run_cube().read_text()
        links = Links(text).found
        self.assertTrue(links)
        self.assertEqual([link for link in links if not link.startswith("data:")], [])
        self.assertIn("default-src 'none'", text)
        picture = next(link for link in links if link.startswith("data:image/png;base64,"))
        self.assertEqual(base64.b64decode(picture.split(",", 1)[1]),
                         (self.folder / "cube.png").read_bytes())

        record = json.loads((self.folder / "cube.run.json").read_text())
        shown = self.record_of(text)
        self.assertEqual(shown["samples"], record["samples"])
        image = next(stage for stage in shown["stages"] if stage["name"] == "image")
        original = next(stage for stage in record["stages"] if stage["name"] == "image")
        table = image["tables"]["channels"]
        for row, whole in zip(table["rows"], original["tables"]["channels"], strict=True):
            for name, value in zip(table["columns"], row, strict=True):
                if isinstance(value, str):
                    self.assertEqual(value, whole[name])
                else:
                    self.assertAlmostEqual(value, whole[name], delta=1e-8 * abs(whole[name]))

    def test_a_page_is_made_of_a_record_later_and_elsewhere(self):
        page = self.run_cube().read_text()
        self.skymill("page", "cube.run.json")
        self.assertEqual((self.folder / "cube.run.html").read_text(), page)

        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        (self.folder / "cube.run.json").rename(elsewhere / "cube.run.json")
        (self.folder / "cube.png").unlink()
        self.skymill("page", elsewhere / "cube.run.json", "--output", "moved.html")
        self.assertIn("This picture is gone", (self.folder / "moved.html").read_text())

    def test_text_of_a_record_cannot_become_a_part_of_the_page(self):
        self.run_cube()
        record = json.loads((self.folder / "cube.run.json").read_text())
        mean = "</script><script>document.title = 'taken'</script><!-- <script> {{STYLE}}"
        record["error"] = mean
        record["outputs"].append({"path": mean + ".png", "bytes": 1})
        (self.folder / "mean.run.json").write_text(json.dumps(record))
        self.skymill("page", "mean.run.json")
        text = (self.folder / "mean.run.html").read_text()
        self.assertNotIn("<script>document", text)
        self.assertEqual(self.record_of(text)["error"], mean)

    def test_what_is_no_record_is_refused(self):
        for content in ("", "[]", '{"verdict": "clean"}', '{"verdict": 1, "stages": {}}'):
            (self.folder / "x.json").write_text(content)
            self.assertIn("is no run record", self.skymill("page", "x.json", code=5).stderr)
        self.assertIn("cannot read", self.skymill("page", "y.json", code=5).stderr)

    def test_a_failed_run_has_a_page_too_and_a_page_that_fails_is_no_failure(self):
        self.cube("none.ms", "cube", "--page", "failed.html", code=5)
        self.assertEqual(self.record_of((self.folder / "failed.html").read_text())["verdict"],
                         "failed")
        (self.folder / "taken.html").mkdir()
        ms, _ = self.simulate()
        self.cube(ms, "cube", "--page", "taken.html", **SIZE)
        self.assertIn("no page of this run", self.last.stderr)

    @unittest.skipUnless(BROWSER, "chromium is not installed")
    def test_a_browser_draws_every_chart_and_asks_for_nothing(self):
        page = self.run_cube()
        found = self.probe(page)
        if not self.has_charts(page):
            self.assertEqual(found["canvases"], 0)
            self.skipTest("this program was built without Chart.js")
        self.assertGreaterEqual(found["canvases"], 10)
        self.assertEqual((found["blank"], found["loaded"], found["wide"]), (0, [], False))
        self.assertEqual(len(found["pictures"]), 1)
        self.assertGreater(min(found["pictures"][0]), 100)
        for title in ("Stages", "Memory", "CPU", "peak", "rms", "beam major, beam minor",
                      "stop: rows by value", "Time by step", "Parameters", "Files"):
            self.assertIn(title, found["titles"])
        self.assertEqual(self.asked_for(), [])
        # A page that does ask is seen.
        greedy = self.folder / "greedy.html"
        greedy.write_text('<img src="http://127.0.0.1:9/picture.png">')
        self.browse(greedy)
        self.assertEqual(self.asked_for(), ["http://127.0.0.1:9/picture.png"])

    @unittest.skipUnless(BROWSER, "chromium is not installed")
    def test_a_table_of_many_series_is_small_plots_over_the_same_axes(self):
        for antennas in (12, 6):  # more and less than fit into one chart
            (self.folder / "gains.yaml").write_text(f"""skymill: 1
stages:
  simulate: {{ antennas: {antennas}, times: 10, gain_phase: 60deg, gain_drift: 20deg, gain_amplitude: 0.1,
    sources: [0arcsec 0arcsec 5Jy] }}
  solve: {{ flux: 5Jy, term: G, solint: int }}
  assess: {{ solutions: solve, on_fail: report }}
""")
            self.skymill("run", "gains.yaml", "--page", "gains.html")
            page = self.folder / "gains.html"
            record = self.record_of(page.read_text())
            table = record["stages"][-1]["tables"]["gains_G"]
            self.assertEqual(len(table["rows"]), 10 * antennas)
            probed = page.with_name("probed.html")
            probed.write_text(page.read_text())
            dom, said = self.browse(probed)
            self.assertEqual(said, [])
            plots = re.findall(r"<svg [^>]*>(.*?)</svg>", dom, re.S)
            if antennas < 9:
                self.assertEqual(plots, [])
                self.assertIn("amplitude x", self.probe(page)["titles"])
                continue
            # Amplitudes and phases of each antenna, a line a hand with a point a moment.
            self.assertEqual(len(plots), 2 * antennas)
            for plot in plots:
                lines = re.findall(r'points="([^"]*)"', plot)
                self.assertEqual([len(line.split()) for line in lines], [10, 10])
                places = np.array([point.split(",") for line in lines for point in line.split()],
                                  dtype=float)
                self.assertGreaterEqual(places.min(), 0)
                self.assertLessEqual(places[:, 0].max(), 150)
                self.assertLessEqual(places[:, 1].max(), 70)
            self.assertIn("phase x, phase y", self.probe(page)["titles"])

    @unittest.skipUnless(BROWSER, "chromium is not installed")
    def test_dark_and_narrow(self):
        found = self.probe(self.run_cube(), "--blink-settings=preferredColorScheme=0",
                           "--window-size=420,2000")
        self.assertEqual((found["blank"], found["wide"]), (0, False))

    @staticmethod
    def has_charts(page):
        return "Chart.js v" in page.read_text()


if __name__ == "__main__":
    unittest.main()
