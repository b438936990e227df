import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { html } from "../../../src/probe/report/html.ts";
import type { Report } from "../../../src/probe/report/report.ts";
import { ROOT } from "../../docs/markdown.ts";
import { startServer } from "../servers/configurable-server.ts";
import { probeAt } from "../servers/probing.ts";
import { during, TOKEN } from "../verify/verifying.ts";
import { CHROMIUM, openBrowser, type BrowserPage } from "./browser.ts";
import { finding, FINDINGS, HOSTILE, REPORT } from "./reports.ts";

const OPTIONS = { version: "1.2.3", strict: false };
const NASTY = `${HOSTILE} <script>document.title="taken"</script><style>*{display:none}</style> --> ]]> \u001b[31m \u0085 \ud800`;

/** A report with hostile text in every member that a server can influence. */
const HOSTILE_REPORT: Report = {
  ...REPORT,
  url: "https://mcp.example.com/a\"'><script>1</script>",
  server: { name: NASTY, version: NASTY },
  eras: [{ era: "modern", protocolVersion: NASTY }],
  framework: "express",
  hint: NASTY,
  findings: [
    finding({
      ...{ id: "requires-key", status: "fail", observed: NASTY },
      tried: [
        { what: `no key ${NASTY}`, answer: "accepted (200)", sent: NASTY, received: `${NASTY}\n\n${"x".repeat(600)}` },
        { what: "a bogus key", answer: "401" },
        { what: "another key", answer: `no answer: ${NASTY}` },
      ],
    }),
    ...FINDINGS.slice(1),
  ],
};

test("has no script, no style from the server and no address to load from", () => {
  const page = html(HOSTILE_REPORT, OPTIONS);
  expect(page).not.toMatch(/<script|<img|<link|<iframe|\son\w+=(?!&)|\ssrc=(?!x )|url\(|@import/i);
  expect(page.match(/<style>/g)).toHaveLength(1);
  expect(page).toContain(`content="default-src 'none'; `);

  expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ud800-\udbff](?![\udc00-\udfff])/);
});

test("shows code for the framework of the server, and for Node.js if it is unknown", () => {
  expect(html(HOSTILE_REPORT, OPTIONS)).toContain("Fix in Express, which this server seems to use");
  const { framework: _, ...unknown } = HOSTILE_REPORT;
  expect(html(unknown, OPTIONS)).toContain("Fix in Node.js, with the guard of mcp-keys");
});

describe.skipIf(CHROMIUM === null)("in a browser", () => {
  let page: BrowserPage;
  const dir = mkdtempSync(join(tmpdir(), "mcp-keys-html-"));
  beforeAll(async () => {
    page = await openBrowser(CHROMIUM ?? "");
  }, 60_000);
  afterAll(async () => {
    await page.close();
    rmSync(dir, { recursive: true });
  });
  beforeEach(() => {
    page.requested.length = 0;
    page.messages.length = 0;
  });

  async function open(report: Report, scheme = "light"): Promise<string> {
    const path = join(dir, "report.html");
    writeFileSync(path, html(report, OPTIONS));
    await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    await page.open(path);
    return path;
  }

  test("shows hostile text as text, without an error and without another request", async () => {
    const path = await open(HOSTILE_REPORT);
    expect(page.messages).toEqual([]);
    expect(page.requested).toEqual([`file://${path}`]);
    const text = await page.evaluate<string>("document.body.innerText");
    expect(text).toContain('<script>document.title="taken"</script>');
    expect(text).toMatch(/^F\n\s*unprotected\n/);
    expect(await page.evaluate("document.title")).not.toBe("taken");
    expect(await page.evaluate("document.querySelectorAll('script, img, link, iframe, body style').length")).toBe(0);
  });

  test.each(["light", "dark"])("has a contrast of at least 4.5 in %s mode", async (scheme) => {
    await open(HOSTILE_REPORT, scheme);
    const [lowest, ground] = await page.evaluate<[number, string]>(CONTRAST);
    expect(lowest).toBeGreaterThanOrEqual(4.5);
    expect(ground).toBe(scheme === "dark" ? "rgb(15, 19, 24)" : "rgb(255, 255, 255)");
  });

  test("has landmarks, headings in order, table headers and things to reach with the keyboard", async () => {
    await open(HOSTILE_REPORT);
    const count = (selector: string) =>
      page.evaluate<number>(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
    expect(await count("body > header, body > main, body > footer")).toBe(3);
    expect(await count("h1")).toBe(1);
    expect(await count("section:not([aria-labelledby])")).toBe(0);
    expect(await count("th:not([scope])")).toBe(0);
    expect(await count("table")).toBe(2);
    expect(await count("html[lang=en]")).toBe(1);
    const levels = await page.evaluate<number[]>(
      "[...document.querySelectorAll('h1,h2,h3')].map((h) => +h.tagName[1])",
    );
    levels.forEach((level, i) => expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1));
    const duplicates =
      "(() => { const ids = [...document.querySelectorAll('[id]')].map((e) => e.id); return ids.length - new Set(ids).size; })()";
    expect(await page.evaluate(duplicates)).toBe(0);
    // Enter opens the first number of the matrix.
    await page.evaluate("document.querySelector('td summary').focus()");
    for (const type of ["keyDown", "keyUp"]) {
      await page.send("Input.dispatchKeyEvent", {
        type,
        key: "Enter",
        code: "Enter",
        text: "\r",
        windowsVirtualKeyCode: 13,
      });
    }
    expect(await page.evaluate("document.querySelector('td details').open")).toBe(true);
  });

  test("does not scroll sideways on a phone", async () => {
    await page.send("Emulation.setDeviceMetricsOverride", {
      width: 360,
      height: 640,
      deviceScaleFactor: 1,
      mobile: false,
    });
    await open(HOSTILE_REPORT);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    await page.send("Emulation.clearDeviceMetricsOverride");
  });

  test("can be printed", async () => {
    const findings = Array.from({ length: 80 }, (_, i) => finding({ id: `check-${String(i)}` }));
    await open({ ...HOSTILE_REPORT, findings: [...HOSTILE_REPORT.findings, ...findings] });
    const { data } = await page.send("Page.printToPDF", { printBackground: true });
    const pdf = Buffer.from(String(data), "base64").toString("latin1");
    expect(pdf.startsWith("%PDF-")).toBe(true);
    const pages = pdf.match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    expect(pages).toBeGreaterThan(2);
    expect(pages).toBeLessThan(12);
  });

  test("shows a real run against an open server", async () => {
    const isGuarded = ({ headers }: { headers: object }): boolean => "authorization" in headers;
    const { url } = await during(startServer([TOKEN.reveal()], { isGuarded }));
    const report = await probeAt(url);
    await page.send("Emulation.setDeviceMetricsOverride", {
      width: 900,
      height: 900,
      deviceScaleFactor: 1,
      mobile: false,
    });
    const { host } = new URL(url);
    const shown = JSON.parse(
      JSON.stringify(report).replaceAll(host, "notes.example").replaceAll("http:", "https:"),
    ) as Report;
    await open(shown);
    const text = await page.evaluate<string>("document.body.innerText");
    expect(text).toContain("requires-key");
    expect(text).toContain("POST /mcp HTTP/1.1");
    expect(text).not.toContain(TOKEN.reveal().slice(17, 26));
    const { data } = await page.send("Page.captureScreenshot", { format: "png" });
    const image = Buffer.from(String(data), "base64");
    expect(image.length).toBeLessThan(150_000);
    if (process.env["WRITE_DOCS"] === "1") writeFileSync(join(ROOT, "docs/report.png"), image);
    await page.send("Emulation.clearDeviceMetricsOverride");
  });
});

test("a browser is installed", ({ skip }) => {
  if (CHROMIUM === null) skip("needs chromium");
});

/** Returns the lowest contrast of any text to its ground, and the ground of the page. @see WCAG 2.2, 1.4.3 */
const CONTRAST = `(() => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (text) => {
    const [r, g, b] = rgb(text).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    for (let each = element; each !== null; each = each.parentElement) {
      const { backgroundColor } = getComputedStyle(each);
      if ((rgb(backgroundColor)[3] ?? 1) !== 0) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  let lowest = 21;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === "" || element.checkVisibility() === false) continue;
    const [low, high] = [light(getComputedStyle(element).color), light(groundOf(element))].sort((a, b) => a - b);
    lowest = Math.min(lowest, (high + 0.05) / (low + 0.05));
  }
  return [lowest, getComputedStyle(document.body).backgroundColor];
})()`;
