# SPDX-License-Identifier: Apache-2.0
"""Small templates, one a line, rendered with CONTEXT by make_python_goldens.py. ⏎ is a line end."""

CONTEXT = {
    "s": "hello World", "u": "ÄÖ 你好 ß 🧮", "pad": "  \n padded\t ", "csv": "a,b,,c", "e": "",
    "multi": "one\ntwo\n\n  three\n", "q": "a \"quoted\" 'text' \\ \t \u0001 é",
    "n": 7, "neg": -7, "f": 2.5, "big": 9007199254740993, "t": True, "no": False, "nothing": None,
    "list": [3, 1, 2], "words": ["b", "A", "c", "a"], "empty": [], "nested": [[1, 2], [3, 4]],
    "mixed": [1, "1", 1.0, True, None],
    "d": {"b": 1, "a": 2, "C": 3}, "items": {"items": [1], "get": "own"},
    "people": [{"name": "Bo", "age": 30, "home": {"city": "Ulm"}}, {"name": "Al", "age": 25, "home": {"city": "Aue"}},
               {"name": "Cy", "age": 30, "home": {"city": "Bonn"}}],
    "deep": {"x": {"y": [{"z": "found"}]}},
}

SNIPPETS = r"""
{{ s }}
{{ missing }}|
{{ none }} {{ None }} {{ true }} {{ True }} {{ false }} {{ False }}
{{ nothing }} {{ t }} {{ no }} {{ n }} {{ f }} {{ big }}
{{ list }} {{ d }} {{ mixed }} {{ nested }} {{ (1,) }} {{ (1, 'a') }} {{ () }} {{ [] }} {{ {} }}
{{ ['it\'s', "a\"b", 'a"b\'c', 'tab\t', 'nl\n', '\\'] }}
{{ 1.0 }} {{ 1e3 }} {{ 1.5e-7 }} {{ 1e16 }} {{ 123456789.125 }} {{ 0.1 + 0.2 }} {{ 1e-4 }} {{ 0.00001 }} {{ -0.0 }} {{ 1e22 }}
{{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1_000_000 }}
{{ 7 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }}
{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1 + 2.0 }} {{ true + true }} {{ 3 - 5 }} {{ 6 / 3 }}
{{ 1 / 0 }}
{{ 1 // 0 }}
{{ 1 % 0 }}
{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ 2 * 3 ~ 4 }} {{ 1 ~ 2 * 3 }}
{{ 2 + 3 ~ 4 }}
{{ 'a' + 1 }}
{{ 'a' ~ 1 ~ none ~ true ~ missing ~ [1] }}
{{ 'a' + 'b' 'c' }} {{ 'ab' * 3 }} {{ 2 * 'xy' }} {{ [1] * 3 }} {{ [1] + [2, 3] }} {{ 'a' * -1 }}|
{{ 'a' + none }}
{{ none + 1 }}
{{ 'a' - 'b' }}
{{ [1] + 'a' }}
{{ missing + 'a' }}
{{ 1 < 2 }} {{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }} {{ 1 == 1.0 }} {{ 1 == true }} {{ '1' == 1 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 1 != 2 }} {{ none == none }} {{ missing == none }}
{{ 'a' < 1 }}
{{ none < 1 }}
{{ [1, 2] == [1, 2] }} {{ (1, 2) == [1, 2] }} {{ {'a': 1, 'b': 2} == {'b': 2, 'a': 1} }} {{ d == d }} {{ '' == none }} {{ 0 == false }} {{ '' == 0 }}
{{ 1 in [1, 2] }} {{ 3 not in list }} {{ 'ell' in s }} {{ 'a' in d }} {{ 'z' not in d }} {{ 1 in missing }} {{ '' in s }} {{ not 1 in [1] }} {{ 1 in (1, 2) }}
{{ 1 in 'abc' }}
{{ 1 in none }}
{{ 'a' in d and 1 in list or false }} {{ true and '' }}| {{ 0 or 'x' }} {{ not true }} {{ not '' }} {{ not not 1 }} {{ [] or {} }} {{ 1 and 2 and 3 }} {{ false or none or 0 }}
{{ 'a' in 'abc' == true }}
{{ 'yes' if t else 'no' }} {{ 'yes' if no }}| {{ 1 if no else 2 if no else 3 }} {{ ('a' if t else 'b') ~ 'c' }} {{ 'x' if t and not no else 'y' }}
{{ -n }} {{ +n }} {{ - -n }} {{ -f }} {{ -true }} {{ neg | abs }} {{ -7 | abs }} {{ 1 - -1 }} {{ n -1 }} {{ n-1 }}
{{ -s }}
{{ list[0] }} {{ list[-1] }} {{ list[9] }}| {{ list.0 }} {{ nested[1][0] }} {{ nested.1.0 }} {{ deep.x.y[0].z }} {{ deep['x']['y'][0]['z'] }} {{ d['b'] }} {{ d.a }} {{ d.zz }}| {{ s[0] }} {{ s[-1] }} {{ u[3] }} {{ u[-1] }}
{{ missing.x }}
{{ missing['x'] }}
{{ d.zz.y }}
{{ none.x }}|{{ n.x }}|{{ s.x }}|{{ list.x }}|
{{ list[1:] }} {{ list[:-1] }} {{ list[::-1] }} {{ list[::2] }} {{ list[5:] }} {{ list[-2:] }} {{ s[1:4] }} {{ s[::-1] }} {{ u[::-1] }} {{ s[:-6:-1] }} {{ s[-3:] }} {{ list[2:0:-1] }} {{ list[:] }} {{ s[100:] }}| {{ s[3:1] }}| {{ list[-100:100] }} {{ (1,2,3)[1:] }}
{{ list[::0] }}
{{ list['a':] }}
{{ n[1:] }}
{{ d.items() | list }} {{ d.keys() | list }} {{ d.values() | list }} {{ d.get('a') }} {{ d.get('z') }} {{ d.get('z', 'dflt') }} {{ d | items | list }} {{ d | length }} {{ d | list }} {{ d | dictsort }} {{ d | dictsort(true) }} {{ d | dictsort(false, 'value') }} {{ d | dictsort(reverse=true) }}
{{ d.items() | list }} {{ d.items is defined }} {{ d.nope is defined }}
{{ s.upper() }} {{ s.lower() }} {{ s.title() }} {{ s.capitalize() }} {{ u.upper() }} {{ u.lower() }} {{ s | upper }} {{ s | lower }} {{ s | title }} {{ s | capitalize }}
{{ "they're bill's friends" | title }} {{ "foo-bar (baz)" | title }}
[{{ pad.strip() }}] [{{ pad | trim }}] [{{ pad.lstrip() }}] [{{ pad.rstrip() }}] [{{ '\n\nx\n'.strip('\n') }}] [{{ 'xxaxx'.strip('x') }}] [{{ 'abcab'.rstrip('ab') }}] [{{ 'abcab'.lstrip('ba') }}] [{{ '\n  x'.lstrip('\n') }}] [{{ ' x ' | trim(' x') }}] [{{ '你好你'.strip('你') }}]
{{ csv.split(',') }} {{ csv.split(',', 1) }} {{ csv.rsplit(',', 1) }} {{ ' a  b c '.split() }} {{ ' a  b c '.split(none, 1) }} {{ ' a  b c '.rsplit(none, 1) }} {{ 'a'.split('x') }} {{ ''.split(',') }} {{ ''.split() }} {{ 'a--b--c'.split('--') }} {{ 'aaa'.split('aa') }} {{ 'a b'.split(maxsplit=0) }} {{ 'aXbXc'.rsplit('X') }}
{{ 'a'.split('') }}
{{ '<think>r</think>a'.split('</think>')[-1] }} {{ '<think>r</think>a'.split('</think>')[0].split('<think>')[-1] }}
{{ multi.splitlines() }} {{ 'a\r\nb\rc'.splitlines() }} {{ ''.splitlines() }}
{{ s.startswith('hell') }} {{ s.endswith(('x', 'ld')) }} {{ s.startswith(('a', 'b')) }} {{ s.startswith('') }}
{{ s.startswith(1) }}
{{ s.replace('l', 'L') }} {{ s.replace('l', 'L', 1) }} {{ s | replace('o', '0') }} {{ s | replace('o', '0', 1) }} {{ 'ab'.replace('', '-') }} {{ s.replace('zz', 'y') }} {{ 'aaa'.replace('aa', 'b') }}
{{ s.find('World') }} {{ s.find('zz') }} {{ u.find('好') }} {{ s.count('l') }} {{ 'aaaa'.count('aa') }} {{ ''.count('') }} {{ ', '.join(words) }} {{ 'prefix_x'.removeprefix('prefix_') }} {{ 'x.txt'.removesuffix('.txt') }}
{{ 'abc'.isalpha() }} {{ '123'.isdigit() }} {{ 'a1'.isalnum() }} {{ ' \t'.isspace() }} {{ 'ABC'.isupper() }} {{ 'abc'.islower() }} {{ '1'.isupper() }} {{ ''.isalpha() }} {{ 'aB'.islower() }}
{{ s.nope() }}
{{ s() }}
{{ missing() }}
{{ none() }}
{{ 'a%sb%d' % ('x', 3) }} {{ '%s' % 'y' }} {{ '%5.2f|%-5s|%05d|%x|%%|%r' % (3.14159, 'ab', 42, 255, 'q') }} {{ '%s-%s' | format('a', 1) }} {{ '{} {}'.format('a', 1) }} {{ '{1} {0}'.format('a', 'b') }} {{ '{x}{{}}'.format(x=2) }}
{{ '%s %s' % ('x',) }}
{{ '%d' % 'x' }}
{{ '{}'.format() }}
{{ list | length }} {{ s | length }} {{ u | length }} {{ d | count }} {{ '' | length }} {{ missing | length }}
{{ none | length }}
{{ n | length }}
{{ list | first }} {{ list | last }} {{ s | first }} {{ s | last }} {{ empty | first }}| {{ empty | last }}|
{{ list | sort }} {{ words | sort }} {{ words | sort(case_sensitive=true) }} {{ list | sort(reverse=true) }} {{ people | sort(attribute='age') | map(attribute='name') | list }} {{ people | sort(attribute='age', reverse=true) | map(attribute='name') | join(',') }} {{ people | sort(attribute='home.city') | map(attribute='name') | join }}
{{ mixed | sort }}
{{ words | unique | list }} {{ ['a', 'A', 'b', 'a'] | unique | list }} {{ ['a', 'A'] | unique(true) | list }} {{ [1, 1.0, true, 2] | unique | list }} {{ people | unique(attribute='age') | map(attribute='name') | list }}
{{ list | join }} {{ list | join(', ') }} {{ people | join('; ', attribute='name') }} {{ 'abc' | join('-') }} {{ mixed | join('|') }} {{ empty | join(',') }}|
{{ list | reverse | list }} {{ s | reverse }} {{ list | list }} {{ 'abc' | list }} {{ d | list }} {{ (1, 2) | list }}
{{ list | sum }} {{ list | min }} {{ list | max }} {{ words | max }} {{ people | sum(attribute='age') }} {{ empty | sum }} {{ [1.5, 2] | sum }} {{ [1, 2] | sum(start=10) }} {{ people | map(attribute='age') | max }}
{{ people | map(attribute='name') | list }} {{ people | map(attribute='home.city') | join(' ') }} {{ people | map(attribute='zz', default='-') | join }} {{ words | map('upper') | join }} {{ ['a-b', 'c-d'] | map('replace', '-', '+') | join(' ') }} {{ [' x '] | map('trim') | list }} {{ nested | map('join', '.') | list }} {{ nested | map('first') | list }} {{ nested | map(attribute=0) | list }}
{{ people | selectattr('age', 'equalto', 30) | map(attribute='name') | list }} {{ people | rejectattr('age', '==', 30) | map(attribute='name') | list }} {{ people | selectattr('zz') | list }} {{ people | selectattr('zz', 'defined') | list | length }} {{ people | rejectattr('zz', 'defined') | list | length }} {{ people | selectattr('home.city', 'in', ['Ulm']) | map(attribute='name') | first }} {{ people | selectattr('age', 'gt', 26) | list | length }}
{{ list | select('odd') | list }} {{ list | reject('odd') | list }} {{ [0, 1, '', 'a', none] | select | list }} {{ [0, 1, ''] | reject | list }} {{ list | select('greaterthan', 1) | list }} {{ mixed | select('string') | list }} {{ ['code', 'search'] | reject('equalto', 'code') | join(', ') }}
{{ list | select('nope') | list }}
{{ list | map('nope') | list }}
{{ missing | default('x') }} {{ missing | d('y') }} {{ none | default('x') }} {{ none | default('x', true) }} {{ '' | default('x', boolean=true) }} {{ missing | default }}| {{ d.zz | default('q') }} {{ 0 | default(5) }}
{{ '42' | int }} {{ ' 42 ' | int }} {{ '4.9' | int }} {{ 'x' | int }} {{ 'x' | int(-1) }} {{ 4.9 | int }} {{ -4.9 | int }} {{ true | int }} {{ none | int }} {{ 'ff' | int(base=16) }} {{ '0x1f' | int(base=16) }} {{ '-12' | int }} {{ '1e3' | int }} {{ '+5' | int }}
{{ '2.5' | float }} {{ 'x' | float }} {{ 'x' | float(1.5) }} {{ 3 | float }} {{ '1e3' | float }} {{ true | float }}
{{ 42.55 | round }} {{ 42.55 | round(1) }} {{ 42.55 | round(1, 'floor') }} {{ 42.51 | round(0, 'ceil') }} {{ 7 | round }} {{ 2.5 | round }} {{ 3.5 | round }} {{ -2.5 | round }} {{ 2.675 | round(2) }} {{ 1234.5 | round(-2) }}
{{ neg | abs }} {{ -2.5 | abs }} {{ true | abs }}
{{ 's' | abs }}
{{ n | string }} {{ f | string }} {{ t | string }} {{ none | string }} {{ list | string }} {{ 1 | string | length }} {{ (n | string) + 'x' }}
{{ 'a<b>&"c"' | escape }} {{ 'x' | safe }} {{ "a b  c" | wordcount }}
{{ multi | indent }}|
{{ multi | indent(2) }}|
{{ multi | indent(2, true) }}|
{{ multi | indent(2, first=true, blank=true) }}|
{{ multi | indent(width='> ') }}|
{{ '' | indent(2, true) }}|{{ '{\n' | indent(4, first=true) }}|
{{ q | tojson }} {{ u | tojson }} {{ u | tojson(ensure_ascii=true) }} {{ list | tojson }} {{ d | tojson }} {{ mixed | tojson }} {{ none | tojson }} {{ t | tojson }} {{ f | tojson }} {{ 1.0 | tojson }} {{ '</script>\u2028' | tojson }} {{ '\x7f' | tojson }}
{{ people | tojson(indent=2) }}
{{ {'a': [], 'b': {}, 'c': [1, {'d': 2}]} | tojson(indent=4) }}
{{ {'a': [], 'b': {}, 'c': [1]} | tojson(indent=0) }}
{{ d | tojson(sort_keys=true) }} {{ d | tojson(separators=(',', ':')) }} {{ d | tojson(indent=1, separators=(', ', ' = ')) }} {{ d | tojson(true) }} {{ [1, 2] | tojson(false, 2) }} {{ (1, 2) | tojson }}
{{ '🧮' | tojson(ensure_ascii=true) }} {{ {'ü': 1} | tojson(ensure_ascii=true) }}
{{ n | nope }}
{{ n is nope }}
{{ missing is defined }} {{ missing is undefined }} {{ none is none }} {{ s is string }} {{ n is string }} {{ n is number }} {{ f is number }} {{ t is number }} {{ n is integer }} {{ t is integer }} {{ f is float }} {{ t is boolean }} {{ n is boolean }} {{ d is mapping }} {{ list is mapping }} {{ list is sequence }} {{ s is sequence }} {{ d is sequence }} {{ n is sequence }} {{ list is iterable }} {{ s is iterable }} {{ d is iterable }} {{ n is iterable }} {{ none is iterable }} {{ range is callable }} {{ s is callable }}
{{ t is true }} {{ t is false }} {{ no is false }} {{ none is false }} {{ 0 is false }} {{ 1 is true }} {{ missing is false }} {{ n is odd }} {{ n is even }} {{ n is divisibleby 7 }} {{ n is divisibleby(2) }} {{ 'a' is lower }} {{ 'A' is upper }} {{ 'a' is upper }} {{ n is eq 7 }} {{ n is equalto(7) }} {{ n is ne 7 }} {{ n is gt 3 }} {{ n is lt 3 }} {{ n is ge 7 }} {{ n is le 6 }} {{ n is in [7, 8] }} {{ 'a' is in 'abc' }} {{ none is sameas none }} {{ 'upper' is filter }} {{ 'zz' is filter }} {{ 'odd' is test }}
{{ n is not none }} {{ not n is none }} {{ missing is not defined and n is defined }} {{ n is defined or missing }} {{ 'x' if missing is defined else 'y' }}
{{ none is not none }} {{ s is string and s | length > 3 }} {{ s | upper is string }} {{ list is not mapping and list is iterable }}
{{ s is odd }}
{% for x in list %}{{ x }}{% endfor %} {% for x in empty %}x{% else %}none{% endfor %} {% for x in [] %}{% else %}e{% endfor %} {% for c in 'abc' %}{{ c }}.{% endfor %} {% for k in d %}{{ k }}{% endfor %} {% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %} {% for k, v in d | items %}{{ k }}{{ v }}{% endfor %} {% for a, b in nested %}{{ a + b }} {% endfor %} {% for (a, b) in nested %}{{ a * b }} {% endfor %}
{% for x in list %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('o', 'e') }};{% endfor %}
{% for x in list if x > 1 %}{{ x }}/{{ loop.index }}/{{ loop.length }} {% endfor %} {% for x in list if x > 9 %}x{% else %}nothing{% endfor %} {% for x in list | sort if x != 2 %}{{ x }}{% endfor %}
{% for x in range(5) %}{% if x == 1 %}{% continue %}{% endif %}{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %} {% for x in [1] %}a{% continue %}b{% else %}c{% endfor %} {% for x in [1, 2] %}{% for y in [1, 2] %}{% if y == 2 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{% endfor %}
{% for x in missing %}x{% else %}empty{% endfor %}
{% for x in none %}x{% endfor %}
{% for x in 5 %}x{% endfor %}
{% for a, b in [[1, 2, 3]] %}x{% endfor %}
{% for a, b in [[1]] %}x{% endfor %}
{% for x in [1, 2] %}{% set y = x %}{% endfor %}[{{ y }}][{{ x }}]
{% set y = 0 %}{% for x in [1, 2] %}{% set y = y + x %}{{ y }}{% endfor %}{{ y }}
{% for x in [1, 2] %}{% if y is defined %}D{% else %}U{% endif %}{% set y = 1 %}{% endfor %}
{% set ns = namespace(a=1, b='x') %}{% for x in [1, 2] %}{% set ns.a = ns.a + x %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c }}| {% set ns.c = 5 %}{{ ns.c }} {{ ns['a'] }}
{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a + ns.b }}
{% set d.b = 3 %}
{% set missing.b = 3 %}
{% set x = 1 %}{{ x }}{% set x, y = 2, 3 %}{{ x }}{{ y }}{% set (x, y) = [4, 5] %}{{ x }}{{ y }}{% set z = 1, 2 %}{{ z }}
{% set x, y = [1] %}
{% set x %}  body {{ n }}{% endset %}[{{ x }}]{% set y | upper | trim %} up {% endset %}[{{ y }}]
{% set x %}{% set inner = 1 %}{% endset %}{{ inner is defined }}
{% if n > 5 and s %}a{% elif n %}b{% else %}c{% endif %}{% if missing %}a{% elif none %}b{% else %}c{% endif %}{% if empty %}x{% endif %}{% if n == 7 %}{% set q2 = 1 %}{% endif %}{{ q2 }}
{% macro m(a, b=2, c='z') %}({{ a }},{{ b }},{{ c }}){% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(1, c=4) }}{{ m(b=5, a=6) }}{{ m() }}{{ m(1, 2, 3) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}
{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}
{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(*[1]) }}{{ m(**{'a': 2}) }}
{% macro fact(k) %}{% if k < 2 %}1{% else %}{{ k * (fact(k - 1) | int) }}{% endif %}{% endmacro %}{{ fact(6) }}
{% set g = 1 %}{% macro m() %}{{ g }}{% endmacro %}{% for g in [5] %}{{ m() }}{% endfor %}{% set g = 2 %}{{ m() }}
{% macro m() %}{% set local = 1 %}{{ local }}{% endmacro %}{{ m() }}{{ local is defined }}
{% macro box() %}[{{ caller() }}]{% endmacro %}{% call box() %}in{{ n }}{% endcall %}
{% macro each(xs) %}{% for x in xs %}{{ caller(x, loop.index) }},{% endfor %}{% endmacro %}{% call(v, i) each(list) %}{{ i }}:{{ v }}{% endcall %}
{% macro m(x) %}{{ x | upper }}{% endmacro %}{{ m('a') | length }}{{ (m('a') + 'b') }}
{% filter upper %}a{{ s }}b{% endfilter %}{% filter replace('a', 'b') | trim %} banana {% endfilter %}
{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}
{% do list %}x
a{# comment #}b{#- c -#} d {# multi⏎line #}e⏎  {# lstripped #}⏎x
x{% raw %}⏎{% endraw %}⏎y⏎  {% raw %}  {% x %}⏎  {% endraw %}⏎z
x{% raw %}{{ not }} {% if %}{# no #}{% endraw %}y
{%- raw -%}  keep {{ x }}  {%- endraw -%}  z
{{ "{{" }}{{ '{%' }}{{ "#}" }}
  {% if true %}⏎    kept⏎  {% endif %}⏎end⏎
  {%- if true %}⏎    a⏎  {%- endif %}⏎  b⏎⏎
<  {%+ if true %} plus {% endif +%}⏎after
⏎  {%+ if true %}⏎ plus⏎  {%- endif +%}⏎after
{% if true -%}⏎   x⏎{%- endif %}   tail
  {{ n }}⏎  {{- n -}}⏎  z
a {% if true %} b {% endif %} c⏎ {% set x = 1 %}{% set y = 2 %}  ⏎{{ x }}⏎{{ y }}⏎
{{ n }}⏎⏎{{ n }}  {% if t %}⏎{% endif %}⏎
{{ {'a': {'b': 1}}['a']['b'] }}{{ {'a': 1}.a }}{{ [1, [2, 3]][1][0] }}
{{ {'a': 1, 'a': 2} }} {{ dict(a=1, b=2) }} {{ dict({'x': 1}, y=2) }} {{ {'a': 1,} }} {{ [1,] }} {{ {n: 1, s: 2} | length }}
{{ range(3) | list }} {{ range(1, 4) | list }} {{ range(10, 0, -3) | list }} {{ range(0) | list }} {{ range(2)[1] }} {% for i in range(n) %}{{ i }}{% endfor %}
{{ range(1, 2, 0) }}
{{ range('a') }}
{{ '\n' | length }} {{ '\\n' | length }} {{ '\x41\u00e9\U0001F9EE\101' }} {{ '\q\d' }} {{ "it's" }} {{ 'a\⏎b' }}
{{ 'a' 'b' ~ 'c' }} {{ ('a', 'b') | join }} {{ (1) }} {{ (1,) }} {{ 1, 2 }}
{{ people[0].name ~ people[-1]['name'] }} {{ people[1:][0].name }} {{ people | length - 1 }} {{ (people | first).name }} {{ people | map(attribute='name') | join(', ') | upper }}
{{ strftime_now('%Y-%m-%d %H:%M:%S %b %B %a %A %j %y %% %d') }}
{{ raise_exception('refused: ' ~ n) }}
{{ 1 + raise_exception('inside') }}
{% if no %}{{ raise_exception('never') }}{% endif %}ok
{{ s.upper().lower().title() }} {{ s[0].upper() }} {{ (s ~ '!').endswith('!') }} {{ ' a '.strip().upper() }} {{ 'a,b'.split(',')[1].upper() }} {{ [3, 1] | sort | first }}
{{ list is string or n }} {{ n if n is number else 0 }} {{ (n is number) ~ '' }} {{ 'a' if n > 3 else 'b' ~ 'c' }}
{{ loop is defined }}
{{ [1, 2, 3].index(2) }} {{ [1, 1, 2].count(1) }}
{{ list.append(4) }}
{{ d.update({'x': 1}) }}
{{ items['items'] }} {{ items.get('get') }}
{{ 'x' * 3 ~ 'y' }} {{ not n == 7 }} {{ not n in list }} {{ n not in list and t }}
{{ 10 ** 18 }} {{ 9223372036854775807 }} {{ 2 ** 62 }}
{% generation %}gen{{ n }}{% endgeneration %}
{{ 'a'if t else'b' }}
{{ [n for n in list] }}
{{ n
{% if n %}
{% endif %}
{% for x in list %}
{% nope %}
{{ }}
{{ n n }}
{{ (n }}
{{ n) }}
{{ 'abc }}
{% set 1 = 2 %}
{% break %}
{{ a.'b' }}
{{ 1 +* 2 }}
{% macro m(a, a) %}{% endmacro %}
{% macro m(a=1, b) %}{% endmacro %}{{ m(1, 2) }}
{{ s | }}
{{ s is }}
{{ m(a=1, 2) }}
{# open
{% raw %} open
{{ 'é' | upper }} {{ 'STRASSE' | lower }} {{ 'ǆ' | upper }} {{ 'İ' | length }} {{ 'ά' | upper }}
"""


def snippets():
    return [line.replace("⏎", "\n") for line in SNIPPETS.strip("\n").split("\n")]
