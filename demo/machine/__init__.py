"""Where it runs: the system's parts, proxies, cards and devices, what a container allows."""
