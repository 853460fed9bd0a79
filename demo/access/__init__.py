"""Who is asking: accounts, logins, and the browser that a dialogue belongs to."""
