/** How the page looks, by day and by night. */
export const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #d5dae0; --bar: #2f6fab; --good: #1a7f37; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e6ea; --paper: #15181c; --line: #363c44; --bar: #6aa5dc; --good: #57c278; --bad: #ff8577; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin: 3rem 0 0; border-top: 1px solid var(--line); padding-top: 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: .9rem; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
.wanted { white-space: nowrap; }
.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.reached { color: var(--good); } .missed { color: var(--bad); }
.made, li { font-size: .85rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
figure { margin: 1.5rem 0; } figcaption { font-weight: 600; margin-bottom: .4rem; }
svg { width: 100%; height: auto; font-size: 12px; }
svg.timeline { min-width: 36rem; }
svg text { fill: var(--ink); dominant-baseline: central; } svg .name { text-anchor: end; } svg rect { fill: var(--bar); }
svg .tick { text-anchor: middle; } svg .last { text-anchor: end; } svg .grid { stroke: var(--line); } svg .event { stroke: var(--bad); stroke-opacity: .45; }
svg .line { fill: none; stroke-width: 1.8; } svg .line0 { stroke: var(--bar); } svg .line1 { stroke: var(--good); } svg .line2 { stroke: var(--bad); }
.legend { font-weight: 400; font-size: .85rem; margin-left: .8rem; } .legend0 { color: var(--bar); } .legend1 { color: var(--good); } .legend2 { color: var(--bad); }
`;
