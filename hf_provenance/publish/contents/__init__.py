"""What a publication consists of: shards in places, views of them, and files beside them."""
