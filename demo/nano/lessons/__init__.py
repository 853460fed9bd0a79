"""What nano is taught: questions with one right answer, answers, batches, held-out dialogues."""
