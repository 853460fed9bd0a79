"""What a model wrote: its parts and boxes, read leniently and checked."""
