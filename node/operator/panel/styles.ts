/** The panel's style: one column on a phone, two on a desk; the system's fonts and its choice of dark or light. */
export const STYLES = `
:root { color-scheme: light dark; --ink: #14181f; --soft: #5b6472; --paper: #f4f5f7; --card: #fff; --line: #dfe3e8;
  --good: #0a7a4b; --bad: #b3261e; --act: #1f4fd8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --soft: #98a2b3; --paper: #0f1216; --card: #181c22;
  --line: #2a3038; --good: #4cc38a; --bad: #ff8a80; --act: #8fb0ff; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 16px; background: var(--paper); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 1100px; margin: 0 auto; display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
@media (min-width: 900px) { main { grid-template-columns: repeat(2, minmax(0, 1fr)); } .wide { grid-column: 1 / -1; } }
header { max-width: 1100px; margin: 0 auto 16px; display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: baseline; }
h1 { font-size: 22px; margin: 0; } h2 { font-size: 16px; margin: 0 0 10px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px; }
.state { font-weight: 600; } .good { color: var(--good); } .bad { color: var(--bad); } .soft { color: var(--soft); }
dl { display: grid; grid-template-columns: minmax(0, 1fr) fit-content(60%); gap: 6px 12px; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 500; color: var(--soft); } th, td { padding: 6px 8px 6px 0; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; } tr:last-child td { border-bottom: 0; } .number { text-align: right; padding: 6px 0 6px 12px; overflow-wrap: normal; }
.scroll { overflow-x: auto; } dl + .scroll, .scroll + .scroll { margin-top: 12px; } ul { margin: 0; padding-left: 20px; } li + li { margin-top: 6px; }
.buttons { display: flex; flex-wrap: wrap; gap: 10px; } form { flex: 1 1 140px; margin: 0; }
button { width: 100%; min-height: 48px; font: inherit; font-weight: 600; color: var(--act); background: transparent;
  border: 1px solid var(--act); border-radius: 10px; cursor: pointer; }
button:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
`;
