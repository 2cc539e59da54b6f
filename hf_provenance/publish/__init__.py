"""Publishing: the repo folder, its shards and its views."""
