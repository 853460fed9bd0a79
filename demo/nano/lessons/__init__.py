"""What nano is taught: questions with one right answer, where to look closer, answers, batches."""
