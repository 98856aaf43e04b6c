"""
How a report looks: one style sheet, with colours for light and dark, and for phones and paper.
"""

_HUES = (212, 152, 32, 272, 348, 186, 92, 310)
_AREAS = "".join(f".c{place}{{--h:{hue}}}" for place, hue in enumerate(_HUES))

STYLE = (
    """
:root{--paper:#fbfbfa;--card:#fff;--ink:#1d2327;--soft:#5b656d;--line:#dfe3e6;--good:#1a7f4b;--bad:#b42318;
--warn:#96590a;--info:#2b5f9e;--code:#f1f3f4;--l:88%;--s:52%;--step:-5%;--mark:25%}
@media(prefers-color-scheme:dark){:root{--paper:#14181b;--card:#1c2226;--ink:#e6eaed;--soft:#9aa6ae;
--line:#303940;--good:#4cc38a;--bad:#ff8a7a;--warn:#e9b35c;--info:#86b4f0;--code:#252d32;--l:24%;--s:34%;
--step:5%;--mark:82%}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",
Roboto,"Helvetica Neue",sans-serif;overflow-wrap:anywhere}
header,main,.told,footer{max-width:64rem;margin:0 auto;padding:0 1.25rem}
header{display:flex;gap:1.25rem;align-items:flex-start;padding-top:2.5rem;padding-bottom:1rem}
header p{margin:.15rem 0}
h1{font-size:1.6rem;line-height:1.25;margin:0;letter-spacing:-.01em}
h2{font-size:1.25rem;margin:2.5rem 0 .75rem;padding-top:1.25rem;border-top:1px solid var(--line)}
h2 small{color:var(--soft);font-weight:400;margin-left:.4rem}
h3{font-size:1rem;margin:1.5rem 0 .5rem}
.group{margin:1.5rem 0 .5rem}.group>summary{font-weight:700;color:var(--tone)}
h3 span,.group>summary span{display:inline-block;min-width:1.6em;text-align:center;font-size:.85em;
padding:0 .45em;border-radius:1em;background:var(--code);color:var(--soft)}
.word{text-transform:uppercase;font-weight:700;letter-spacing:.06em;font-size:1.15rem;padding:.35rem .9rem;
border-radius:.5rem;color:#fff;margin-top:.1rem!important}
.fit .word{background:#1a7f4b}.unfit .word{background:#b42318}
.for{color:var(--soft);font-size:.92rem}
.counts span{display:inline-block;margin-right:1.1rem}
.told{color:var(--soft);font-size:.92rem;list-style-position:inside}
.told li{margin:.15rem 0}
.finding{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--tone,var(--line));
border-radius:.4rem;margin:.5rem 0;padding:.55rem .9rem}
.finding p{margin:0}
.error{--tone:var(--bad)}.warning,.unknown{--tone:var(--warn)}.info{--tone:var(--info)}.pass{--tone:var(--good)}
h3.error,h3.warning,h3.unknown,h3.info,h3.pass{color:var(--tone)}
summary{cursor:pointer}
summary:focus-visible{outline:2px solid var(--info);outline-offset:2px}
.id{font:600 .85rem ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--tone);margin-right:.7rem}
.finding dl{margin:.6rem 0 .1rem}
.finding dt,.grid dt{color:var(--soft);font-size:.82rem;margin-top:.45rem}
.finding dd,.grid dd{margin:0}
.finding ul{margin:0;padding-left:1.1rem}
code,pre{font:.88em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--code);
border-radius:.25rem}
code{padding:.05em .3em}
pre{padding:.5rem .7rem;margin:.4rem 0;white-space:pre-wrap}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(14rem,1fr));gap:.2rem 1.5rem;margin:.5rem 0}
.stop{color:var(--bad);font-weight:600}
.plan{list-style:none;margin:1rem 0;padding:0;counter-reset:step}
.plan>li{counter-increment:step;position:relative;padding:0 0 1.1rem 3rem;--tone:var(--good)}
.plan>li:before{content:counter(step);position:absolute;left:0;top:0;width:1.9rem;height:1.9rem;line-height:1.75rem;
text-align:center;border-radius:50%;border:2px solid var(--tone);background:var(--card);color:var(--tone);
font-weight:600;font-size:.85rem;z-index:1}
.plan>li:after{content:"";position:absolute;left:.93rem;top:1.9rem;bottom:0;border-left:2px solid var(--line)}
.plan>li:last-child:after{display:none}
.plan>li.warns,.plan>li.unknown{--tone:var(--warn)}
.plan>li.fails{--tone:var(--bad)}
.plan>li.fails:before{background:var(--bad);color:var(--card)}
.plan>li.after>p,.plan>li.after>pre{opacity:.62}
.plan p{margin:.1rem 0}
.plan ul{margin:.3rem 0;padding-left:1.1rem;color:var(--soft);font-size:.92rem}
.problem{color:var(--tone)}
.stage b{margin-right:.6rem}
.stage b::first-letter{text-transform:uppercase}
.state{font-size:.78rem;font-weight:600;color:var(--tone);border:1px solid var(--tone);border-radius:1em;
padding:.05em .6em;margin-right:.6rem}
.where{color:var(--soft);font-size:.88rem}
.map{display:block;width:100%;height:auto;margin:.5rem 0}
.tall{display:none}
.map rect{fill:hsl(var(--h) var(--s) calc(var(--l) + var(--d,0)*var(--step)));stroke:var(--paper)}
.map text{font:13px system-ui,sans-serif;fill:hsl(var(--h) 45% var(--mark))}
.map .size{opacity:.75}
.d0{--d:0}.d1{--d:1}.d2{--d:2}.d3{--d:3}
"""
    + _AREAS
    + """
table{border-collapse:collapse;width:100%;margin:.5rem 0;font-size:.95rem}
th,td{text-align:right;padding:.3rem .5rem;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left}
th{color:var(--soft);font-weight:500;font-size:.85rem}
footer{color:var(--soft);font-size:.85rem;padding-top:1.5rem;padding-bottom:2.5rem}
@media(max-width:40rem){header{flex-direction:column;gap:.6rem;padding-top:1.5rem}h1{font-size:1.3rem}
.plan>li{padding-left:2.6rem}.grid{grid-template-columns:1fr 1fr}
.wide{display:none}.tall{display:block}.where{display:block}}
@media print{body{background:#fff}.finding{break-inside:avoid}}
"""
)
