// The tools on the picture: select, draw a box, click a point, correct.
