"""What belongs to one browser tab: its picture and dialogues, its running turn, what is saved."""
