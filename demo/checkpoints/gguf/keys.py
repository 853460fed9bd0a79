"""The keys of our own in GGUF files that this demo writes."""

FRAME = "regionreasoner.region_frame"  # width and height, as in a config.json
LOOKS = "regionreasoner.region_looks"  # whether it looks closer, likewise
GENERATION = (
    "regionreasoner.generation_config"  # the text of the checkpoint's generation_config.json
)
DIALECT = "regionreasoner.dialect"
SOURCE = "regionreasoner.source"  # a digest of what the file was made from
