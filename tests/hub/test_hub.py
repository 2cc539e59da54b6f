"""The server itself: who reaches it, what it counts, and what it says to a stranger."""

import os
import subprocess
import sys

import pytest
from datasets import load_dataset
from huggingface_hub import HfApi, get_session
from huggingface_hub.errors import OfflineModeIsEnabled

PROGRAM = """
from datasets import Dataset, load_dataset
Dataset.from_dict({"a": [1]}).push_to_hub("alice/from-a-child")
load_dataset("alice/from-a-child")
"""


def test_without_the_fixture_nothing_goes_online():
    with pytest.raises(OfflineModeIsEnabled):
        HfApi().dataset_info("alice/x")
    with pytest.raises(ConnectionError):
        load_dataset("alice/x")


def test_it_listens_on_loopback_alone(hub):
    assert hub.endpoint.startswith("http://127.0.0.1:")
    assert os.environ["HF_ENDPOINT"] == hub.endpoint


@pytest.mark.parametrize("number", [1, 2])
def test_every_test_begins_with_an_empty_hub(hub, number):
    assert hub.requests == []
    with pytest.raises(KeyError):
        hub.repo("alice/x")
    HfApi().create_repo("alice/x", repo_type="dataset")


def test_an_unknown_address_is_told_in_json(hub):
    answer = get_session().get(f"{hub.endpoint}/api/agent-harnesses")
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "NotFound")
    assert "error" in answer.json()


def test_a_child_process_reaches_the_hub_with_a_home_of_its_own(hub):
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=hub.environment(), capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert "README.md" in hub.repo("alice/from-a-child").files()
    assert (hub.home / "hub").is_dir()


def test_requests_are_counted_with_their_bytes(hub):
    hub.create("alice/x", files={"a.txt": b"12345"})
    api = HfApi()
    api.hf_hub_download("alice/x", "a.txt", repo_type="dataset")
    head, get = hub.requests
    assert (head.method, head.status, head.received) == ("HEAD", 200, 0)
    assert (get.method, get.status, get.received) == ("GET", 200, 5)
    assert get.path == "/datasets/alice/x/resolve/main/a.txt"
    assert "hf_hub/" in get.user_agent
    assert hub.count("GET", r"/resolve/") == 1
    assert hub.bytes_out(r"a\.txt$") == 5
    hub.forget()
    api.upload_file(
        repo_id="alice/x", repo_type="dataset", path_in_repo="b.bin", path_or_fileobj=b"\0" * 9
    )
    assert hub.bytes_in("/upload/") == 9
    assert hub.count(path="a.txt") == 0


def test_a_server_of_its_own_tells_scripts_what_it_counted():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    command = [sys.executable, "-m", "tests.hub", "--port", "0"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as child:
        try:
            endpoint = child.stdout.readline().strip()
            program = (
                "import json, sys, urllib.request as web\n"
                "at = sys.argv[1]\n"
                "try: web.urlopen(at + '/api/datasets/a/b')\n"
                "except OSError: pass\n"
                "first = json.load(web.urlopen(at + '/_log'))\n"
                "web.urlopen(web.Request(at + '/_forget', method='POST')).close()\n"
                "print(json.dumps([first, json.load(web.urlopen(at + '/_log'))]))\n"
            )
            told = subprocess.check_output([sys.executable, "-c", program, endpoint], text=True)
        finally:
            child.terminate()
    assert '"GET /api/datasets/a/b": {"requests": 1, "in": 0, "out": ' in told
    assert told.endswith(", {}]\n")
