"""Cards as people write them, and as nobody should: each must survive an edit byte for byte."""

from __future__ import annotations

HUB_TEMPLATE = """\
---
# For reference on dataset card metadata, see the spec
# Doc / guide: https://huggingface.co/docs/hub/datasets-cards
annotations_creators:
- crowdsourced
language:
- en
license:
- cc-by-4.0
multilinguality:
- monolingual
pretty_name: "A: set  of rows"
task_categories:
- question-answering
- other-stuff
dataset_info:
  features:
  - name: id
    dtype: string
  - name: answers
    sequence:
    - name: text
      dtype: string
  splits:
  - name: train
    num_bytes: 79346108
    num_examples: 87599
  download_size: 16278203
train-eval-index:
- config: plain_text
  task: question-answering
  splits:
    train_split: train
  metrics:
    - type: squad
      name: SQuAD
---

# Dataset Card for "rows"

## Table of Contents
- [Dataset Description](#dataset-description)

[More Information Needed]
"""

COMMENTS = """\
---
# above everything

license: mit        # behind a value
# between two keys
  # indented between two keys
pretty_name:        # behind a colon
  Rows              # behind a value on its own line
tags:               # behind the colon of a list
  # above the first item
  - one             # behind an item
  # between items

  - two
      # deep below the last item
viewer: false
#language: [xx]
## below everything
---
# Rows
<!-- a comment of HTML -->
"""

ANCHORS = """\
---
base: &base {a: 1, b: [x, y]}
license: &licence mit
license_name: *licence
merged:
  <<: *base
  c: 3
splits: &splits
- train
- &test test
other_splits: *splits
first: *test
plain: &unused value
---
# Anchors
"""

FLOW = """\
---
license: [mit,apache-2.0]
tags: [ a, 'b' ,"c", {d: e} ]
extra: {a: {b: [1, 2,
    3], c: "}"}, d: '{'}
empty_list: []
empty_map: {}
pairs: [a: 1, b: 2]
url: http://example.com/#not-a-comment
---
# Flow
"""

QUOTED = """\
---
version: "1.10"
older: '1.0'
bare: 1.10
yes_or_no: "no"
norway: 'NO'
on_or_off: "on"
country: no
date: "2024-01-05"
time: '12:30'
octal: "010"
'quoted key': it''s
"other key": 'it''s'
unicode: "\\u00e9 \\x41 \\t"
folded: "a
  b

  c"
tilde: "~"
---
# Quoted
"""

TEXTS = """\
---
literal: |
  # no comment
    deep
  key: no key

  ---
folded: >
  one
  two

kept: |+
  text


stripped: |-
  text
indented: |2
    text
plain: a text
  over two lines
extra_gated_prompt: |-
  ## You agree

  - to <b>everything</b>
---
# Texts
"""

EMOJI = """\
---
pretty_name: 🦜 Papageien 🏳️‍🌈
"ключ": значение
tags:
- 日本語
- e\u0301 # not normalised
- "\u200fعربي"
wide: \u3000x
nbsp: a\u00a0b
---
# 🦜 Überschrift

Zero​width, \u2028 line and \u2029 paragraph marks, \x85 next line, \ufeff mark, \x0c form feed.
"""

HTML = """\
---
license: other
thumbnail: '<img src="x" alt="a: b # c">'
---
<!DOCTYPE html>
<div align="center" onclick='x("<!-- y -->")'>
<!-- hf_provenance-like:begin -->
<!--
---
license: no
---
-->
<script>/* </details> */ if (a < b && c > d) { document.write("&amp;"); }</script>
<table><tr><td>---</td></tr></table>
</div>

<details>
<summary>unclosed

| a | b |
|---|---|
| `<!-- hf_provenance:begin -->` | ``<!-- hf_provenance:end -->`` |
"""

CODE = """\
---
license: mit
---
```yaml
---
license: mit
---
<!-- hf_provenance:begin -->
```

~~~~
```
<!-- hf_provenance:end -->
~~~~

    <!-- indented -->

Setext heading
---

***
"""

CONFIGS = """\
---
configs:
- config_name: en   # the big one
  data_files:
  - split: train
    path: "en/train-*.parquet"
  default: true
- config_name: 'de'
  data_files: de/*.parquet
dataset_info:
- config_name: en
  features:
  - name: "on"
    dtype: int64
size_categories:
- 1M<n<10M
- 'n<1K'
license: cc-by-4.0
---
# Configs
"""

UNTIDY = """\


---
license:   mit\x20\x20
tags:
-   a
-    b

language:
    - en

    - de


source_datasets:
annotations: ~
'task_ids' : [x]
note: x\x20
---\x20\t
no title, no line break at the end"""

CARDS = {
    "as the Hub's template": HUB_TEMPLATE,
    "comments everywhere": COMMENTS,
    "anchors and aliases": ANCHORS,
    "flow style": FLOW,
    "quoted versions": QUOTED,
    "block texts": TEXTS,
    "emoji and other scripts": EMOJI,
    "HTML": HTML,
    "code that looks like ours": CODE,
    "configs of others": CONFIGS,
    "untidy": UNTIDY,
}
CARDS |= {
    f"{name}, CRLF": CARDS[name].replace("\n", "\r\n")
    for name in ("comments everywhere", "flow style", "block texts", "untidy", "HTML")
}

SIZE = 1_000_000
BODIES = {
    "prose": "A word and another. ",
    "short lines": "Text.\n",
    "CRLF": "Text.\r\n",
    "CR": "a\r",
    "blank lines": "\n",
    "blanks": " ",
    "blank lines of tabs": "\n\t\t\t\t\t\t\t\t",
    "rules": "\n--- x\n***\n",
    "keys": "key: value\n",
    "bullets": "-   ",
    "numbers": "1. ",
    "quotes": "> ",
    "backticks": "a ` b `` c ``` d ",
    "code blocks": "```\n---\n```\n",
    "openings of comments": "<!-- ",
    "halves of markers": "<!-- hf_provenance:begin      ",
    "HTML": "<div><!-- a --></div>",
    "emoji": "🦜",
    "base64": "![x](data:image/png;base64,iVBORw0KGgo=)",
}
"""What a body of 1 MB repeats."""
