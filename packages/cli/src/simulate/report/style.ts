/** The page's own style sheet: light or dark as the reader's system is. */
export const style = `
:root { color-scheme: light dark; --paper: #fbfbfa; --card: #ffffff; --ink: #1d2430; --muted: #59636f; --line: #d9dde2;
  --all: #1f5fbf; --each: #9bbbe6; --unnoticed: #aab2bd; --suspected: #e0a100; --failed: #c8372d; --good: #1d7a3d; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171c; --card: #1c2027; --ink: #e8eaed; --muted: #a4adb8; --line: #363d47;
    --all: #6ea8ff; --each: #35588c; --unnoticed: #5d6673; --suspected: #f0bd3a; --failed: #f2766b; --good: #5fc987; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1040px; padding: 24px 20px 64px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0; }
p { margin: 4px 0 12px; color: var(--muted); max-width: 75ch; }
code { font-family: ui-monospace, "Liberation Mono", monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(215px, 1fr)); gap: 12px; margin: 20px 0 28px; }
dl > div, figure, section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
dl > div { padding: 10px 14px; }
dt { color: var(--muted); font-size: .85rem; }
dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
dd small { display: block; color: var(--muted); font-size: .8rem; line-height: 1.35; }
dd.good { color: var(--good); } dd.bad { color: var(--failed); }
figure, section { margin: 0 0 20px; padding: 16px 18px; }
figure { overflow-x: auto; }
svg { display: block; width: 100%; min-width: 620px; height: auto; }
details { margin-top: 10px; } summary { cursor: pointer; color: var(--muted); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin-top: 8px; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding-bottom: 4px; }
th, td { padding: 3px 14px 3px 0; text-align: right; font-weight: normal; white-space: nowrap; }
th[scope=row], thead th:first-child { text-align: left; } thead th { color: var(--muted); border-bottom: 1px solid var(--line); }
ol.steps { margin: 8px 0 0; padding-left: 1.6em; font-size: .9rem; } ol.steps li { overflow-wrap: anywhere; }
`
