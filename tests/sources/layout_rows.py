"""Published schemas as Arrow schemas, and a few rows in each: plain ones, and a trap."""

import re
import tomllib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pyarrow as pa

FILE = Path(__file__).with_name("published_schemas.toml")
DOCUMENT = tomllib.loads(FILE.read_text("utf-8"))
PUBLISHED = DOCUMENT["schema"]


def arrow_type(written) -> pa.DataType:
    if isinstance(written, dict):
        return pa.struct([(name, arrow_type(inner)) for name, inner in written.items()])
    if isinstance(written, list):
        return pa.list_(arrow_type(written[0]))
    if written.startswith("types."):
        return arrow_type(DOCUMENT["types"][written.removeprefix("types.")])
    zoned = re.fullmatch(r"timestamp\[(\w+), tz=(\w+)\]", written)
    return pa.timestamp(*zoned.groups()) if zoned else pa.type_for_alias(written)


def arrow_schema(entry) -> pa.Schema:
    return pa.schema([(name, arrow_type(type_)) for name, type_ in entry["columns"].items()])


@cache
def schema_of(name: str) -> pa.Schema:
    return arrow_schema(next(entry for entry in PUBLISHED if entry["layout"] == name))


def table_of(name: str) -> pa.Table:
    """The rows of a layout, with the types of the first schema that is published for it."""
    columns = set(schema_of(name).names)
    for row in ROWS[name]:
        assert columns.issuperset(row), (name, set(row) - columns)
    return pa.Table.from_pylist(ROWS[name], schema_of(name))


def said(*turns):
    return [{"role": role, "content": content} for role, content in turns]


def heard(*turns):
    return [{"from": speaker, "value": value, "weight": None} for speaker, value in turns]


WARC_2013 = (
    "s3://commoncrawl/crawl-data/CC-MAIN-2013-20/segments/1368696381249/warc/"
    "CC-MAIN-20130516092621-00000-ip-10-60-113-184.ec2.internal.warc.gz"
)
WARC_2018 = (
    "s3://commoncrawl/crawl-data/CC-MAIN-2018-30/segments/1531676589022.38/warc/"
    "CC-MAIN-20180716002413-20180716022413-00000.warc.gz"
)

ROWS = {
    "fineweb": [
        {
            "text": "How to sharpen a chisel",
            "id": "<urn:uuid:39147604-bfbe-4ed5-b19c-54105f8ae8a7>",
            "dump": "CC-MAIN-2013-20",
            "url": "https://wood.example/chisel",
            "date": "2013-05-18T07:24:47Z",
            "file_path": WARC_2013,
            "language": "en",
            "language_score": 0.98,
            "token_count": 6,
        },
        {  # no date: the name of the WARC file holds three hours
            "text": "Brot backen",
            "id": "<urn:uuid:0>",
            "dump": "CC-MAIN-2018-30",
            "url": "https://brot.example/",
            "date": None,
            "file_path": WARC_2018,
            "language": "de",
            "language_score": 0.9,
            "token_count": 4,
        },
        {  # no date, and a file that tells nothing: the dump
            "text": "A page",
            "id": "<urn:uuid:1>",
            "dump": "CC-MAIN-2013-20",
            "url": "https://page.example/",
            "date": None,
            "file_path": None,
            "language": "en",
            "language_score": 0.7,
            "token_count": 2,
        },
    ],
    "fineweb_edu": [
        {
            "text": "The water cycle",
            "id": "<urn:uuid:2>",
            "dump": "CC-MAIN-2018-30",
            "url": "https://school.example/water",
            "file_path": WARC_2018,
            "language": "en",
            "language_score": 0.97,
            "token_count": 3,
            "score": 3.7,
            "int_score": 4,
        },
        {  # one stamp in the name of the file: it is no capture, the snapshot's window is
            "text": "Photosynthesis",
            "id": "<urn:uuid:3>",
            "dump": "CC-MAIN-2013-20",
            "url": "https://school.example/leaf",
            "file_path": WARC_2013,
            "language": "en",
            "language_score": 0.95,
            "token_count": 3,
            "score": 3.1,
            "int_score": 3,
        },
    ],
    "fineweb_2": [
        {
            "text": "Jak upiec chleb",
            "id": "<urn:uuid:4>",
            "dump": "CC-MAIN-2023-40",
            "url": "https://chleb.example/",
            "date": "2023-09-25T11:02:03Z",
            "file_path": "s3://commoncrawl/crawl-data/CC-MAIN-2023-40/segments/1/warc/"
            "CC-MAIN-20230925101010-20230925131010-00000.warc.gz",
            "language": "pol",
            "language_score": 0.99,
            "language_script": "Latn",
            "minhash_cluster_size": 3,
            "top_langs": '{"pol_Latn_score": 0.99}',
        },
        {
            "text": "Strona",
            "id": "<urn:uuid:5>",
            "dump": "CC-MAIN-2023-40",
            "url": None,
            "date": None,
            "file_path": None,
            "language": "pol",
            "language_score": 0.8,
            "language_script": "Latn",
            "minhash_cluster_size": 1,
            "top_langs": "{}",
        },
    ],
    "refinedweb": [
        {
            "content": "A recipe for soup",
            "url": "https://soup.example/",
            "timestamp": datetime(2013, 5, 18, 10, 42),
            "dump": "CC-MAIN-2013-20",
            "segment": "1368696382185",
            "image_urls": [["https://soup.example/a.jpg", "soup"]],
        },
        {
            "content": "Undated soup",
            "url": "https://soup.example/2",
            "timestamp": None,
            "dump": "CC-MAIN-2013-20",
            "segment": "1368696382185",
            "image_urls": [],
        },
    ],
    "c4": [
        {
            "text": "Beginners BBQ class",
            "timestamp": "2019-04-25T12:57:54Z",
            "url": "https://klyq.example/bbq",
        },
        {"text": "No date", "timestamp": None, "url": "https://klyq.example/"},
        {"text": "A bad date", "timestamp": "yesterday", "url": None},
    ],
    "culturax": [
        {
            "text": "En text",
            "timestamp": "2019-04-25T12:57:54Z",
            "url": "https://text.example/",
            "source": "mC4",
        },
        {  # not a crawl that the layout knows: how it was collected is unknown
            "text": "A post",
            "timestamp": "2020-01-01T00:00:00Z",
            "url": "https://posts.example/1",
            "source": "a forum",
        },
        {"text": "Null", "timestamp": None, "url": None, "source": None},
    ],
    "dclm": [
        {
            "bff_contained_ngram_count_before_dedupe": 2,
            "language_id_whole_page_fasttext": {"en": 0.96},
            "previous_word_count": 300,
            "text": "A forum thread",
            "url": "https://forum.example/t/1",
            "warcinfo": "robots: classic\r\nhostname: ip-10-183-142-35.ec2.internal\r\n"
            "software: Nutch 1.6 (CC)\r\nisPartOf: CC-MAIN-2014-10\r\n"
            "operator: CommonCrawl Admin\r\nformat: WARC File Format 1.0",
            "fasttext_openhermes_reddit_eli5_vs_rw_v2_bigram_200k_train_prob": 0.3,
            "metadata": {
                "WARC-Date": datetime(2014, 3, 8, 11, 30, 5),
                "WARC-Target-URI": "<https://forum.example/t/1>",
            },
        },
        {  # nulls within, and a crawl that is named nowhere
            "text": "Another thread",
            "url": None,
            "warcinfo": "robots: classic",
            "metadata": {"WARC-Date": None, "WARC-Target-URI": None},
        },
        {"text": "No metadata", "url": "https://x.example/", "warcinfo": None, "metadata": None},
    ],
    "redpajama_v2": [
        {
            "url": "http://cats.example/1",
            "date_download": "2014-08-20T08:02:17Z",
            "digest": "sha1:46OPKWZ7MAG5624VYYA3U3YH2MJ727B6",
            "raw_content": "Dear cats",
            "cc_segment": "crawl-data/CC-MAIN-2014-35/segments/1408500800168.29/wet/"
            "CC-MAIN-20140820021320-00000-ip-10-180-136-8.ec2.internal.warc.wet.gz",
            "language": "en",
            "language_score": 0.92,
            "perplexity": 217.2,
            "bucket": "head",
        },
        {  # no date: the segment's path names the crawl
            "url": "http://cats.example/2",
            "date_download": None,
            "digest": "sha1:0",
            "raw_content": "Liebe Katzen",
            "cc_segment": "crawl-data/CC-MAIN-2014-35/segments/1/wet/x.warc.wet.gz",
            "language": "de",
        },
    ],
    "oscar": [
        {
            "content": "English sentence\nphrase en français",
            "warc_headers": {
                "warc-identified-content-language": "fra,eng",
                "warc-target-uri": "https://fr.example/wiki",
                "warc-date": "2022-11-26T09:45:47Z",
                "content-length": "35298",
            },
            "metadata": {
                "identification": {"label": "fr", "prob": 0.8938327},
                "harmful_pp": 4063.1814,
                "quality_warnings": ["short_sentences"],
            },
        },
        {  # nulls at every depth
            "content": "Sans en-tête",
            "warc_headers": {"warc-date": None, "warc-target-uri": None},
            "metadata": {"identification": None},
        },
        {"content": "Rien", "warc_headers": None, "metadata": None},
    ],
    "oscar_meta": [
        {
            "id": 0,
            "text": "Ein Satz",
            "meta": {
                "warc_headers": {
                    "warc-date": "2021-12-02T01:02:03Z",
                    "warc-target-uri": "https://satz.example/",
                    "warc-identified-content-language": "eng",  # a wrong guess of the crawl's
                },
                "identification": {"label": "de", "prob": 0.99},
            },
        },
        {"id": 1, "text": "Noch einer", "meta": {"warc_headers": None, "identification": None}},
    ],
    "datatrove": [
        {
            "text": "A page",
            "id": "<urn:uuid:6>",
            "metadata": {
                "dump": "CC-MAIN-2018-30",
                "url": "https://page.example/",
                "date": "2018-07-16T01:11:12Z",
                "file_path": WARC_2018,
                "language": "en",
            },
        },
        {  # no date: the file
            "text": "A second page",
            "id": "<urn:uuid:7>",
            "metadata": {
                "dump": "CC-MAIN-2018-30",
                "url": "https://page.example/2",
                "date": None,
                "file_path": WARC_2018,
                "language": "en",
            },
        },
    ],
    "datatrove_undated": [
        {
            "text": "A page",
            "id": "<urn:uuid:8>",
            "metadata": {
                "dump": "CC-MAIN-2018-30",
                "url": "https://page.example/",
                "file_path": WARC_2018,
            },
        },
        {
            "text": "A second page",
            "id": "<urn:uuid:9>",
            "metadata": {"dump": "CC-MAIN-2018-30", "url": None, "file_path": None},
        },
    ],
    "dolma": [
        {
            "id": "http://soup.example/",
            "text": "A recipe",
            "added": "2023-04-11T09:57:03.044571+00:00",
            "created": "2019-09-16T10:00:00Z",
            "source": "common-crawl",
            "metadata": {"url": "http://soup.example/", "date_download": "2019-09-16T10:00:00Z"},
        },
        {  # added is long after created, and must not date it
            "id": "t3_abc",
            "text": "A post",
            "added": "2023-03-01T00:00:00Z",
            "created": "2012-02-03T04:05:06Z",
            "source": "reddit",
            "metadata": None,
        },
        {  # no date at all, though `added` has one
            "id": "g1",
            "text": "A chapter",
            "added": "2023-04-11T09:57:03Z",
            "created": None,
            "source": "books",
            "metadata": {"url": None},
        },
        {  # a source that no list knows
            "id": "w1",
            "text": "Something",
            "added": None,
            "created": "2023-03-01",
            "source": "a new source",
            "metadata": None,
        },
    ],
    "wildchat": [
        {
            "conversation_hash": "ab12",
            "model": "gpt-4-0314",
            "timestamp": datetime(2023, 4, 9, 0, 2, 53, tzinfo=UTC),
            "conversation": said(
                ("user", "Write a haiku about tea"), ("assistant", "Steam curls, quiet cup")
            ),
            "turn": 1,
            "language": "English",
            "toxic": False,
            "redacted": False,
            "country": "France",
        },
        {  # a person's turns only: nothing was answered
            "conversation_hash": "cd34",
            "model": "gpt-3.5-turbo-0301",
            "timestamp": datetime(2023, 5, 1, 12, 0, tzinfo=UTC),
            "conversation": said(("user", "Bonjour"), ("assistant", "")),
            "turn": 1,
            "language": "French",
            "toxic": False,
            "redacted": False,
        },
        {
            "conversation_hash": "ef56",
            "model": None,
            "timestamp": None,
            "conversation": None,
            "turn": 0,
            "language": "Nolang",
            "toxic": None,
            "redacted": None,
        },
    ],
    "lmsys_chat": [
        {
            "conversation_id": "33f01939a744455c869cb234afca47f1",
            "model": "wizardlm-13b",
            "conversation": said(("user", "how to say hi in Greek"), ("assistant", "Γεια")),
            "turn": 1,
            "language": "English",
            "openai_moderation": [{"flagged": False}],
            "redacted": False,
        },
        {
            "conversation_id": "1",
            "model": "vicuna-33b",
            "conversation": said(("user", "???"), ("assistant", "I see.")),
            "turn": 1,
            "language": "unknown",
            "openai_moderation": None,
            "redacted": True,
        },
    ],
    "chatbot_arena": [
        {
            "question_id": "58210e39b3fd4441a2bd4a518bb44c2d",
            "model_a": "chatglm-6b",
            "model_b": "koala-13b",
            "winner": "model_b",
            "judge": "arena_user_973",
            "conversation_a": said(("user", "What is tea?"), ("assistant", "A drink.")),
            "conversation_b": said(("user", "What is tea?"), ("assistant", "Leaves and water.")),
            "turn": 1,
            "anony": True,
            "language": "English",
            "tstamp": 1682351591.1322,
        },
        {  # a judge with the name of a model is no author
            "question_id": "2",
            "model_a": "alpaca-13b",
            "model_b": "vicuna-13b",
            "winner": "tie",
            "judge": "gpt-4",
            "conversation_a": said(("user", "Hi"), ("assistant", "Hello")),
            "conversation_b": said(("user", "Hi"), ("assistant", "Hello there")),
            "turn": 1,
            "anony": False,
            "language": "English",
            "tstamp": None,
        },
    ],
    "arena_preferences": [
        {
            "id": 30192,
            "model_a": "gpt-4-1106-preview",
            "model_b": "gpt-4-0613",
            "prompt": '["Is it morally right to lie?"]',
            "response_a": '["It depends on the lie."]',
            "response_b": '["Some say never."]',
            "winner_model_a": 1,
            "winner_model_b": 0,
            "winner_tie": 0,
        },
        {
            "id": 2,
            "model_a": "koala-13b",
            "model_b": "gpt-4-0613",
            "prompt": '["Hi"]',
            "response_a": None,
            "response_b": '["Hello"]',
            "winner_model_a": 0,
            "winner_model_b": 1,
            "winner_tie": 0,
        },
    ],
    "paired_chats": [
        {
            "question_id": 81,
            "model_a": "alpaca-13b",
            "model_b": "gpt-3.5-turbo",
            "winner": "model_b",
            "judge": "author_2",
            "conversation_a": said(("user", "Write a post"), ("assistant", "Hawaii!")),
            "conversation_b": said(("user", "Write a post"), ("assistant", "Aloha from Hawaii")),
            "turn": 1,
        },
        {  # nobody says that a person asked
            "question_id": 82,
            "model_a": "llama-13b",
            "model_b": "vicuna-13b-v1.2",
            "winner": "tie",
            "judge": "gpt4_pair",
            "conversation_a": said(("user", "Hi"), ("assistant", "Hello")),
            "conversation_b": said(("user", "Hi"), ("assistant", "Hey")),
            "turn": 1,
        },
    ],
    "cosmopedia": [
        {
            "prompt": "Write a long textbook chapter on tea",
            "text_token_length": 9,
            "text": "Chapter 1: Tea is a drink of leaves.",
            "seed_data": "openstax",
            "format": "textbook_academic_tone",
            "audience": "college_students",
        },
        {  # a seed from the web does not make the text a page
            "prompt": "Here is an extract from a webpage: ...",
            "text_token_length": 4,
            "text": "Dear readers, welcome.",
            "seed_data": "web_samples_v2",
            "format": "blogpost",
            "audience": "general",
        },
    ],
    "nemotron_chats": [
        {
            "uuid": "0d3a1e4c",
            "license": "CC BY 4.0",
            "generator": "DeepSeek-R1-0528",
            "version": "v1",
            "category": "math",
            "reasoning": "on",
            "messages": said(("user", "Solve x+1=2"), ("assistant", "x = 1")),
            "metadata": '{"problem_source": "aops"}',
        },
        {
            "uuid": "0d3a1e4d",
            "license": "CC BY 4.0",
            "generator": None,
            "version": "v1",
            "category": "tool_calling",
            "reasoning": "off",
            "messages": said(
                ("system", "You have tools"),
                ("user", "Weather?"),
                ("assistant", ""),
                ("tool", '{"t": 21}'),
                ("assistant", "21 degrees"),
            ),
            "metadata": None,
        },
    ],
    "nemotron_instructions": [
        {
            "input": said(("user", "Solve the problem")),
            "output": "The answer is 4.",
            "category": "math",
            "license": "cc-by-4.0",
            "reasoning": "on",
            "generator": "DeepSeek-R1",
            "used_in_training": "yes",
            "version": "v1",
            "system_prompt": "detailed thinking on",
        },
        {  # longer input by nobody known, short output by a model
            "input": said(("user", "A very long question that nobody knows the author of")),
            "output": "Yes.",
            "category": "chat",
            "license": "cc-by-4.0",
            "reasoning": "off",
            "generator": "Mixtral-8x22B-Instruct-v0.1",
            "used_in_training": "no",
            "version": "v1",
            "system_prompt": None,
        },
    ],
    "openhermes": [
        {
            "conversations": heard(
                ("human", "How many days in February?"), ("gpt", "28, and 29 in a leap year.")
            ),
            "source": "airoboros2.2",
            "category": "orca",
            "skip_prompt_formatting": False,
        },
        {  # two columns of models, of which neither is taken
            "conversations": heard(
                ("system", "Engaging"), ("human", "Discuss taxes."), ("gpt", "Gladly.")
            ),
            "source": "sharegpt",
            "model": "GPT-4",
            "model_name": "gpt-4-0613",
            "custom_instruction": False,
        },
    ],
    "distilabel": [
        {
            "instruction": "Write a haiku",
            "generation": "Steam curls, quiet cup",
            "distilabel_metadata": {"raw_output_text_generation_0": "Steam curls, quiet cup"},
            "model_name": "meta-llama/Meta-Llama-3.1-70B-Instruct",
        },
        {  # a step that failed: there is a model, and no text
            "instruction": "Write a sonnet",
            "generation": None,
            "distilabel_metadata": {"raw_output_text_generation_0": None},
            "model_name": "meta-llama/Meta-Llama-3.1-70B-Instruct",
        },
    ],
    "distilabel_chat": [
        {
            "messages": said(("user", "Hi")),
            "generation": "Hello!",
            "distilabel_metadata": {"raw_output_chat_generation_0": "Hello!"},
            "model_name": "mistralai/Mistral-7B-Instruct-v0.2",
        },
        {  # the chat that is answered has turns of an assistant, too: whose is not known
            "messages": said(("user", "Hi"), ("assistant", "Hey."), ("user", "And?")),
            "generation": "Well.",
            "distilabel_metadata": None,
            "model_name": "mistralai/Mistral-7B-Instruct-v0.2",
        },
    ],
    "distilabel_conversation": [
        {
            "conversation": said(("user", "What is tea?"), ("assistant", "A drink.")),
            "distilabel_metadata": {"raw_output_magpie_generator_0": None},
            "model_name": "meta-llama/Meta-Llama-3.1-70B-Instruct",
        },
        {
            "conversation": [],
            "distilabel_metadata": None,
            "model_name": "meta-llama/Meta-Llama-3.1-70B-Instruct",
        },
    ],
    "alpaca": [
        {
            "instruction": "Give three tips",
            "input": "",
            "output": "1. Sleep. 2. Eat. 3. Walk.",
            "text": "Below is an instruction ... ### Response:\n1. Sleep. 2. Eat. 3. Walk.",
        },
        {
            "instruction": "Translate",
            "input": "Katze",
            "output": "cat",
            "text": "Below is an instruction ...",
        },
    ],
    "dolly": [
        {
            "instruction": "When did Virgin Australia start?",
            "context": "Virgin Australia commenced services on 31 August 2000.",
            "response": "On 31 August 2000.",
            "category": "closed_qa",
        },
        {
            "instruction": "Why do cats purr?",
            "context": "",
            "response": "Ask one.",
            "category": None,
        },
    ],
    "prompted_chats": [
        {
            "prompt": "Write a story",
            "prompt_id": "f0e37e9f7800261167ce91143f98f511f768847236f133f2d0aed60b444ebe57",
            "messages": said(("user", "Write a story"), ("assistant", "Once upon a time")),
        },
        {  # as No Robots has it: people wrote both
            "prompt": "Rewrite this",
            "prompt_id": "2dc7ea89a2b6a2ed97d4eda07903162a801824261d3d3ae4dd2513db66fd79c8",
            "messages": said(
                ("system", "You edit."), ("user", "Rewrite this"), ("assistant", "This, rewritten")
            ),
        },
    ],
    "smoltalk": [
        {
            "messages": said(("user", "Hi"), ("assistant", "Hello! How can I help you today?")),
            "source": "everyday-conversations",
        },
        {
            "messages": said(("system", "Be brief"), ("user", "Why?"), ("assistant", "Because.")),
            "source": "smol-magpie-ultra",
        },
    ],
    "chat_messages": [
        {"messages": said(("user", "Hi"), ("assistant", "Hello"))},
        {"messages": said(("user", "As an AI language model, you said..."))},
        {"messages": None},
        {"messages": said(("narrator", "Night falls."), ("Assistant", "Good night"))},
    ],
    "chat_conversations": [
        {
            "conversations": [
                {"from": "human", "value": "Hi"},
                {"from": "gpt", "value": "Hello"},
            ],
            "system_prompt": None,
        },
        {"conversations": [{"from": "human", "value": "Hi"}], "system_prompt": "Be kind"},
    ],
    "chat_conversation": [
        {
            "conversation_id": "1",
            "conversation": said(("user", "Hi"), ("assistant", "Hello")),
        },
        {"conversation_id": "2", "conversation": said(("tool", "42"), ("assistant", None))},
    ],
    "ultrafeedback": [
        {
            "prompt": "What is tea?",
            "prompt_id": "1",
            "chosen": said(("user", "What is tea?"), ("assistant", "Leaves in hot water.")),
            "rejected": said(("user", "What is tea?"), ("assistant", "No idea.")),
            "messages": said(("user", "What is tea?"), ("assistant", "Leaves in hot water.")),
            "score_chosen": 8.5,
            "score_rejected": 2.0,
        },
        {
            "prompt": "Hi",
            "prompt_id": "2",
            "chosen": said(("user", "Hi"), ("assistant", "Hello")),
            "rejected": said(("user", "Hi"), ("assistant", "")),
            "messages": said(("user", "Hi"), ("assistant", "Hello")),
            "score_chosen": 6.0,
            "score_rejected": 6.0,
        },
    ],
    "preference_chats": [
        {
            "chosen": said(("user", "Hi"), ("assistant", "Hello")),
            "rejected": said(("user", "Hi"), ("assistant", "Go away")),
            "prompt": "Hi",
        },
        {"chosen": said(("user", "Hm")), "rejected": None, "prompt": "Hm"},
    ],
    "preference_prompt_chats": [
        {
            "prompt": said(("user", "What colour is the sky?")),
            "chosen": said(("assistant", "It is blue.")),
            "rejected": said(("assistant", "It is green.")),
        },
        {
            "prompt": said(("system", "Be brief"), ("user", "Why?")),
            "chosen": said(("assistant", "Light.")),
            "rejected": [],
        },
    ],
    "preference_texts": [
        {
            "chosen": "\n\nHuman: Hi\n\nAssistant: Hello",
            "rejected": "\n\nHuman: Hi\n\nAssistant: Go away",
        },
        {"chosen": "\n\nHuman: Hm\n\nAssistant: Yes?", "rejected": None},
    ],
    "preference_prompt_texts": [
        {"prompt": "Hi", "response": "Hello", "chosen": "Hello", "rejected": "Go away"},
        {"prompt": "Hm", "response": "Yes?", "chosen": "Yes?", "rejected": ""},
    ],
    "support_tickets": [
        {
            "subject": "Rechnung fehlt",
            "body": "Ich habe keine Rechnung bekommen.",
            "answer": "Wir senden sie Ihnen zu.",
            "type": "Request",
            "queue": "Billing and Payments",
            "priority": "medium",
            "language": "de",
            "tag_1": "Billing",
        },
        {  # an answer that reads like a model's is no evidence of one
            "subject": None,
            "body": "It does not start.",
            "answer": "Certainly! Here is what you can do.",
            "type": "Incident",
            "queue": "Technical Support",
            "priority": "high",
            "language": "en",
            "tag_1": None,
        },
    ],
}
"""Layout -> rows; the last of most is a trap, with a word on what it is."""
