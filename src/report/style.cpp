#include "report/style.h"

namespace chestmap {

const char* report_style() noexcept {
  return R"css(
:root { --ink: #16212c; --soft: #5a6775; --line: #dbe2e9; --pale: #f5f8fa; --blue: #1f5fa8;
        --red: #a8283a; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: #fff; color: var(--ink);
       font: 15px/1.5 "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, sans-serif; }
.page { max-width: 1240px; margin: 0 auto; padding: 0 24px; }
header { border-bottom: 1px solid var(--line); background: var(--pale); }
header .page { padding-top: 22px; padding-bottom: 20px; }
.brand { display: flex; justify-content: space-between; align-items: center; gap: 16px; }
.brand b { letter-spacing: .02em; color: var(--blue); }
.ruo { border: 1px solid var(--red); color: var(--red); border-radius: 4px; padding: 1px 9px;
       font-size: 12px; font-weight: 600; white-space: nowrap; }
h1 { font-size: 27px; line-height: 1.25; margin: 10px 0 0; font-weight: 650;
     overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 0 0 12px; font-weight: 650; }
h3 { font-size: 16px; margin: 26px 0 10px; font-weight: 650; }
.notice { margin: 14px 0 0; padding: 9px 14px; background: #fff6df; border-left: 4px solid #d99a00;
          border-radius: 3px; white-space: pre-line; }
.warning { padding: 9px 14px; background: #fdeeee; border-left: 4px solid var(--red);
           border-radius: 3px; }
nav { position: sticky; top: 0; z-index: 3; background: #fff; border-bottom: 1px solid var(--line); }
nav .page { display: flex; gap: 20px; overflow-x: auto; padding-top: 9px; padding-bottom: 9px; }
nav a { color: var(--soft); text-decoration: none; font-size: 14px; white-space: nowrap; }
nav a:hover { color: var(--blue); text-decoration: underline; }
section { padding: 30px 0 0; scroll-margin-top: 28px; }
.note { color: var(--soft); font-size: 13px; margin: 10px 0 0; max-width: 92ch; }
.facts { list-style: none; display: flex; flex-wrap: wrap; gap: 6px 22px; padding: 0;
         margin: 0 0 14px; color: var(--soft); font-size: 14px; }
.facts b { color: var(--ink); font-weight: 600; }
.box { border: 1px solid var(--line); border-top: 3px solid var(--blue); border-radius: 6px;
       padding: 20px 22px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.figures { width: 100%; font-size: 14px; }
.figures th, .figures td { padding: 5px 8px; border-bottom: 1px solid var(--line);
                           text-align: right; vertical-align: top; white-space: nowrap; }
.figures tr > th:first-child, .figures thead tr:first-child > th:first-child {
  text-align: left; font-weight: 600; position: sticky; left: 0; background: #fff; z-index: 1; }
.figures thead th { color: var(--soft); font-weight: 600; font-size: 12.5px; vertical-align: bottom;
                    white-space: normal; }
.figures thead tr:last-child th:first-child { position: static; text-align: right; }
.figures thead tr:first-child:last-child th:first-child { text-align: left; }
.figures .group { text-align: center; border-left: 1px solid var(--line); }
.figures .first { border-left: 1px solid var(--line); }
.figures td small { display: block; color: var(--soft); font-size: 11px; line-height: 1.25;
                    font-weight: 400; }
.figures th small { display: block; color: var(--soft); font-size: 12px; font-weight: 400; }
.figures .mean > * { border-top: 2px solid #b8c3ce; }
.figures .best { font-weight: 700; }
.figures .muted td, .figures .muted th { color: var(--soft); font-weight: 400; }
.above { color: var(--blue); font-weight: 650; }
.below { color: var(--red); font-weight: 650; }
.dense { font-size: 12.5px; }
.dense th, .dense td { padding: 4px 3px; }
.dense td small { font-size: 9.5px; letter-spacing: -.03em; }
.dense tbody th { white-space: normal; min-width: 92px; line-height: 1.3; }
.summary { font-size: 15px; }
.run { display: inline-flex; align-items: baseline; gap: 7px; }
.run i { flex: none; width: 10px; height: 10px; border-radius: 50%; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 22px; margin: 0 0 10px; font-weight: 600; }
.mark { font-size: 11px; font-weight: 600; border-radius: 3px; padding: 0 6px; margin-left: 4px;
        white-space: nowrap; }
.mark.control { background: #e8edf2; color: #4a5866; }
.mark.oracle { background: #fbe6d6; color: #9c4300; }
.method { margin: 0 0 18px; }
.method > summary, .config > summary { cursor: pointer; font-weight: 600; padding: 6px 0; }
.is-control > summary { color: var(--soft); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr));
        gap: 18px; }
.multiples { display: grid; gap: 14px;
             grid-template-columns: repeat(auto-fill, minmax(min(100%, 212px), 1fr)); }
.forests { display: grid; gap: 16px;
           grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr)); }
.gallery { display: grid; gap: 16px;
           grid-template-columns: repeat(auto-fill, minmax(min(100%, 360px), 1fr)); }
.card { margin: 0; border: 1px solid var(--line); border-radius: 6px; padding: 12px 14px;
        min-width: 0; break-inside: avoid; }
.card > figcaption { font-weight: 600; font-size: 14px; margin-bottom: 6px; }
.card > figcaption small { color: var(--soft); font-weight: 400; margin-left: 6px; }
.gallery .card { padding: 0; overflow: hidden; }
.gallery img { display: block; width: 100%; height: auto; background: #0d1318; }
.gallery figcaption { margin: 0; padding: 9px 12px 11px; font-weight: 400; white-space: pre-line; }
.gallery figcaption small { display: block; margin: 2px 0 0; overflow-wrap: anywhere; }
.key { color: var(--soft); font-weight: 400; font-size: 13px; margin-left: 10px; }
.key i { display: inline-block; width: 22px; margin-right: 5px; vertical-align: middle;
         border-top: 2px solid var(--soft); }
.key i.dashed { border-top-style: dashed; }
.key i.ring { width: 10px; height: 10px; border: 2px solid var(--soft); border-radius: 50%; }
.key-list { list-style: none; margin: 4px 0 0; padding: 0; font-size: 13px; }
.key-list li { display: flex; justify-content: space-between; gap: 10px; }
.key-list .run { min-width: 0; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); }
svg .tick { fill: var(--soft); font-size: 11px; }
svg .axis-title { fill: var(--soft); font-size: 11.5px; }
svg .label { font-size: 11px; }
svg .heading { font-weight: 650; }
svg path { fill: none; }
svg .grid { stroke: #e7ecf1; }
svg .axis { stroke: #9aa6b2; }
svg .chance { stroke: #9aa6b2; stroke-dasharray: 4 3; }
svg .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
svg .dashed { stroke-dasharray: 5 4; stroke-width: 1.4; }
svg .interval { stroke-width: 2; }
.forest svg { min-width: 470px; }
.heat { font-size: 14px; width: 100%; border-spacing: 2px; border-collapse: separate; }
.heat th { font-weight: 600; text-align: left; padding: 4px 10px 4px 0; white-space: nowrap; }
.heat thead th { color: var(--soft); font-size: 12.5px; text-align: center; padding: 2px 6px; }
.heat thead th:first-child { text-align: left; padding-left: 0; }
.heat td { text-align: center; padding: 5px 8px; border-radius: 3px; min-width: 58px;
           -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.facts-table { font-size: 14px; }
.facts-table th, .facts-table td { text-align: left; padding: 5px 26px 5px 0; vertical-align: top;
                                   border-bottom: 1px solid var(--line); }
.facts-table tbody th { color: var(--soft); font-weight: 400; white-space: nowrap; }
pre { background: var(--pale); border: 1px solid var(--line); border-radius: 6px; padding: 14px;
      overflow-x: auto; font: 12.5px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
footer { margin-top: 44px; border-top: 1px solid var(--line); background: var(--pale);
         color: var(--soft); font-size: 13px; }
footer .page { padding-top: 16px; padding-bottom: 22px; }
footer b { color: var(--red); }
i, .run i, .mark, .ruo, .notice, .warning { -webkit-print-color-adjust: exact;
                                            print-color-adjust: exact; }
@media (max-width: 640px) {
  body { font-size: 14px; }
  .page { padding-left: 14px; padding-right: 14px; }
  h1 { font-size: 22px; }
  .box { padding: 14px; }
  .card { padding: 10px; }
  .multiples { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
}
@media print {
  @page { size: A4; margin: 12mm; }
  body { font-size: 10.5px; }
  nav { display: none; }
  .page { max-width: none; padding: 0; }
  .figures, .summary, .facts-table, .heat { font-size: 9.5px; }
  .dense { font-size: 7.5px; }
  .figures th, .figures td { padding: 3px 4px; }
  .dense th, .dense td { padding: 2px 1px; }
  .figures thead th { font-size: 8.5px; }
  .dense thead th { font-size: 7px; }
  .figures td small, .figures th small { font-size: 7px; }
  .dense td small { font-size: 5.5px; }
  .dense tbody th { min-width: 0; }
  .scroll { overflow: visible; }
  .multiples { grid-template-columns: repeat(4, 1fr); }
  .forests, .pair { grid-template-columns: repeat(2, 1fr); }
  .forest svg { min-width: 0; }
  .gallery { grid-template-columns: repeat(2, 1fr); }
  section { padding-top: 18px; }
  h2, h3, summary { break-after: avoid; }
  tr, .card { break-inside: avoid; }
}
)css";
}

}  // namespace chestmap
