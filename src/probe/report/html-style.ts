/** The style of the HTML report. All colours have a contrast of at least 4.5 on their ground. */
export const STYLE = `
:root{color-scheme:light dark;--ground:#fff;--card:#f5f6f8;--text:#1b1f24;--quiet:#57606a;--line:#d0d7de;--bad:#b3121d;--odd:#7a4b00;--good:#116329}
@media (prefers-color-scheme:dark){:root{--ground:#0f1318;--card:#1a2027;--text:#e6e9ed;--quiet:#a0a9b4;--line:#38424d;--bad:#ff8a8a;--odd:#f0b955;--good:#6fdd8b}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.5rem;background:var(--ground);color:var(--text);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
header{display:flex;gap:1.5rem;align-items:center;flex-wrap:wrap;border-bottom:1px solid var(--line);padding-bottom:1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.2rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0 0 .5rem}
p{margin:.25rem 0}.quiet{color:var(--quiet)}
.grade{font-size:2.5rem;font-weight:700;line-height:1;padding:.9rem 1.1rem;border:.25rem solid;border-radius:.75rem}
.bad{color:var(--bad)}.odd{color:var(--odd)}.good{color:var(--good)}
article{background:var(--card);border:1px solid var(--line);border-left:.35rem solid var(--quiet);border-radius:.4rem;padding:1rem;margin:0 0 1rem}
article.bad,article.odd{color:var(--text)}article.bad{border-left-color:var(--bad)}article.odd{border-left-color:var(--odd)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0}dt{color:var(--quiet)}dd{margin:0}
pre{background:var(--ground);border:1px solid var(--line);border-radius:.3rem;padding:.6rem;margin:.3rem 0;white-space:pre-wrap;font:.85rem/1.4 ui-monospace,monospace}
code{font-family:ui-monospace,monospace}a{color:inherit}
:focus-visible{outline:.2rem solid var(--quiet);outline-offset:.1rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}caption{text-align:left;color:var(--quiet);padding:.25rem 0}
th,td{border:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top}thead th,tbody th[colspan]{background:var(--card)}
.scroll{overflow-x:auto}summary{cursor:pointer}ul{margin:.25rem 0;padding-left:1.2rem}
@media print{body{max-width:none;padding:0;font-size:10pt}article,tr{break-inside:avoid}.scroll{overflow:visible}thead{display:table-header-group}}
`.trim();
