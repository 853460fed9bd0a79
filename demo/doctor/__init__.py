"""What this machine is, what runs on it, and a short real run of it: ``python -m demo doctor``."""
