"""What is on a picture: pixels, geometry in two frames, masks, regions R1, R2, …"""
