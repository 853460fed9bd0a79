// Keys that work anywhere on the page, and the sheet that lists them.
