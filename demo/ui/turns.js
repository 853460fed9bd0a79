// What can be done with an answer: ask again, change the question, branch, rate, see the numbers.
