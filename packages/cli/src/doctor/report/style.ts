/** Light and dark as the reader has it, and black on white on paper. */
export const STYLE = `
:root{--page:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--panel:#f6f8fa;--link:#0757b8;
--critical:#8a1538;--high:#b3261e;--medium:#8a5300;--low:#3b5b7a}
@media (prefers-color-scheme:dark){:root{--page:#101418;--ink:#e6e9ed;--soft:#a0a9b4;--line:#333b45;--panel:#181e25;--link:#7ab4ff;
--critical:#ff8aa5;--high:#ff9d94;--medium:#f0b64c;--low:#9cc3e8}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:2rem 1rem 3rem;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
h1{font-size:1.75rem;margin:0}h2{margin:2.5rem 0 .75rem;font-size:1.25rem}h3{margin:0 0 .5rem;font-size:1.05rem}main>h3{margin-top:1.75rem}h3+p{margin:0 0 .5rem}.clauses td:first-child{width:45%}
a{color:var(--link)}header p,small,footer{color:var(--soft)}code{font:.85em ui-monospace,monospace}
.counts{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0}
.counts li{border:1px solid currentcolor;border-radius:.5rem;padding:.25rem .75rem}.counts .none{color:var(--soft);border-color:var(--line)}
.critical{color:var(--critical)}.high{color:var(--high)}.medium{color:var(--medium)}.low{color:var(--low)}
.badge{display:inline-block;border:1px solid currentcolor;border-radius:.3rem;padding:0 .4rem;font-size:.8rem;font-weight:600;white-space:nowrap}
table{width:100%;border-collapse:collapse;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .5rem;border-bottom:1px solid var(--line)}th{color:var(--soft);font-weight:600}
.seen{overflow-wrap:anywhere;font-family:ui-monospace,monospace;font-size:.85rem}
article{border:1px solid var(--line);border-left:4px solid currentcolor;border-radius:.4rem;background:var(--panel);padding:1rem;margin:0 0 1rem}
article>h3,article>dl{color:var(--ink)}
dl{display:grid;grid-template-columns:8rem 1fr;gap:.35rem 1rem;margin:0}dt{color:var(--soft)}dd{margin:0;min-width:0}dd ul{margin:0;padding:0;list-style:none}
.fine{border:1px solid var(--line);border-radius:.4rem;background:var(--panel);padding:1rem}footer{margin-top:3rem;font-size:.9rem}
@media (max-width:36rem){.wide{display:none}dl{grid-template-columns:1fr;gap:0 0}dd{margin-bottom:.5rem}}
@media print{:root{--page:#fff;--ink:#000;--soft:#444;--line:#999;--panel:#fff;--link:#000;--critical:#700;--high:#900;--medium:#640;--low:#246}
body{max-width:none;padding:0;font-size:10pt}article,tr{break-inside:avoid}h2,h3{break-after:avoid}thead{display:table-header-group}}
@page{margin:16mm}
`
