// Ways to look at the picture and the dialogue: compare, one region alone, turn by turn.
